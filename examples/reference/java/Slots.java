import java.security.*;
import java.security.cert.*;
import java.time.Instant;
import java.util.*;

/**
 * Whether a chain of ours may be published with its key in the slot of a role: by the table by which peers are
 * judged. What stands behind the leaf is for the peers to choose from, so one way through it has to be fit. Ask
 * before a renewal replaces what works.
 */
final class Slots {
    private Slots() {}

    static Roles.Outcome fit(Roles.Role role, Roles.Policy policy, List<X509Certificate> chain, PrivateKey key, Instant now) {
        if (role == Roles.Role.SERVER && policy.eku().equals("accept-server-auth")) {
            throw new IllegalArgumentException("accept-server-auth is for clients");
        }
        var leaf = chain.get(0);
        if (!belongTogether(leaf.getPublicKey(), key)) return refused("refused-other", "the key is another certificate's");
        if (leaf.getBasicConstraints() >= 0) return refused("refused-other", "a CA as leaf");
        var preset = policy.at(now);
        var purpose = role == Roles.Role.SERVER ? Roles.SERVER_AUTH : Roles.CLIENT_AUTH;
        Roles.Outcome best = null;
        for (var way : ways(List.of(leaf), chain)) {
            var it = judge(way, preset, purpose, now);
            if (best == null || ORDER.indexOf(it.report()) < ORDER.indexOf(best.report())) best = it;
        }
        return best;
    }

    private static final List<String> ORDER = List.of("enforced", "relaxed", "refused-eku", "refused-other");

    private static Roles.Outcome judge(List<X509Certificate> way, String preset, String purpose, Instant now) {
        for (var certificate : way) {
            try {
                certificate.checkValidity(Date.from(now));
            } catch (CertificateException invalid) {
                return new Roles.Outcome("refused-other", -1, invalid);
            }
            var purposes = Roles.purposes(certificate);
            if (purposes != null && purposes.isEmpty()) return refused("refused-other", "a malformed EKU");
        }
        int wrong = Roles.firstWrong(way, purpose, preset.equals("strict"));
        if (wrong < 0) return new Roles.Outcome("enforced", -1, null);
        boolean isGoodForServers = Roles.firstWrong(way, Roles.SERVER_AUTH, false) < 0;
        if (preset.equals("ignore") || preset.equals("accept-server-auth") && isGoodForServers) {
            return new Roles.Outcome("relaxed", wrong, null);
        }
        return refused("refused-eku", "its EKU is wrong for this slot");
    }

    /** Those that no presented certificate extends; a self-signed end is an anchor, which is not asked. */
    private static List<List<X509Certificate>> ways(List<X509Certificate> way, List<X509Certificate> chain) {
        var last = way.get(way.size() - 1);
        if (way.size() > 1 && isIssuer(last, last)) return List.of(way.subList(0, way.size() - 1));
        var all = new ArrayList<List<X509Certificate>>();
        for (var next : chain.subList(1, chain.size())) {
            if (way.contains(next) || !isIssuer(next, last)) continue;
            var longer = new ArrayList<>(way);
            longer.add(next);
            all.addAll(ways(longer, chain));
        }
        return all.isEmpty() ? List.of(way) : all;
    }

    private static boolean isIssuer(X509Certificate issuer, X509Certificate of) {
        try {
            of.verify(issuer.getPublicKey());
            return issuer.getSubjectX500Principal().equals(of.getIssuerX500Principal());
        } catch (GeneralSecurityException another) {
            return false;
        }
    }

    /** What the one signs, the other verifies: Java compares no keys. */
    private static boolean belongTogether(PublicKey ours, PrivateKey key) {
        try {
            var signature = Signature.getInstance(key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA");
            signature.initSign(key);
            signature.update(new byte[32]);
            var signed = signature.sign();
            signature.initVerify(ours);
            signature.update(new byte[32]);
            return signature.verify(signed);
        } catch (GeneralSecurityException others) {
            return false;
        }
    }

    private static Roles.Outcome refused(String report, String why) {
        return new Roles.Outcome(report, -1, new CertificateException(why));
    }
}
