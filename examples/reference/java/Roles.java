import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.*;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.*;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Decides about the chains of peers in one role, by an EKU policy that relaxes nothing else. The paths are
 * PKIX's, by its builder; the EKU and whose the path is are asked by a checker inside its search, so that
 * another path may still be found. Copy this file and Rules.java.
 */
final class Roles extends X509ExtendedTrustManager {
    enum Role { CLIENT, SERVER }

    /** What is accepted, for whom it is relaxed, until when (or null). */
    record Policy(String eku, Instant until, List<Rules> relaxFor, boolean anyPrivate,
                  List<Rules> allow, boolean allowAnybody, List<Rules> expect) {
        /** What the policy amounts to at one instant. */
        String at(Instant now) {
            return isRelaxed() && until != null && !now.isBefore(until) ? "rfc5280" : eku;
        }

        boolean isRelaxed() {
            return eku.equals("ignore") || eku.equals("accept-server-auth");
        }
    }

    /** enforced, relaxed, refused-eku or refused-other; the position of the wrong EKU, or -1. */
    record Outcome(String report, int position, GeneralSecurityException why) {}

    static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1", CLIENT_AUTH = "1.3.6.1.5.5.7.3.2", EKU = "2.5.29.37";

    private final Role role;
    private final String serverName;
    private final List<X509Certificate> roots;
    private final List<X509CRL> lists;
    private final Policy policy;
    private final Consumer<Outcome> observer;

    /** Roots and lists are of this role alone; without lists, revocation is not checked. */
    Roles(Role role, String serverName, List<X509Certificate> roots, List<X509CRL> lists, Policy policy,
          Consumer<Outcome> observer) {
        this.role = role;
        this.serverName = serverName;
        this.roots = roots;
        this.lists = lists;
        this.policy = policy;
        this.observer = observer;
        check();
    }

    /** Refuses what must not be configured. */
    private void check() {
        var known = roots.stream().filter(Rules::belongsToTheWeb).count();
        boolean isPublic = known > 0, ignores = policy.eku.equals("ignore");
        require(!roots.isEmpty(), "no roots; the system's are never used in their place");
        require(role == Role.CLIENT || !policy.eku.equals("accept-server-auth"), "accept-server-auth is for clients");
        if (policy.isRelaxed()) {
            require(policy.anyPrivate || !policy.relaxFor.isEmpty(), "relaxed for nobody: name the peers");
            require(!isPublic || !policy.anyPrivate && role == Role.CLIENT, "relaxed for anybody over public roots");
            require(!isPublic || !ignores || policy.relaxFor.stream().noneMatch(Rules::isByName), "ignore by fingerprint only");
        }
        require(!isPublic || role == Role.SERVER || policy.allowAnybody || !policy.allow.isEmpty(), "say who may connect");
        for (var rules : List.of(policy.relaxFor, policy.allow, policy.expect)) {
            require(known < roots.size() || rules.stream().allMatch(Rules::isValidatedByPublicCas), "no public CA validates it");
        }
    }

    private static void require(boolean holds, String message) {
        if (!holds) throw new IllegalArgumentException(message);
    }

    /** A chain as presented, leaf first. */
    Outcome verify(X509Certificate[] presented, Instant now) {
        if (presented == null || presented.length == 0) {
            return new Outcome("refused-other", -1, new CertificateException("no certificate was presented"));
        }
        var preset = policy.at(now);
        var found = new ArrayList<Integer>();
        Test enforced = path -> firstWrong(below(path), purpose(), preset.equals("strict")) < 0;
        Test relaxed = path -> note(found, path, preset) && relaxesFor(path)
            && (preset.equals("ignore") || preset.equals("accept-server-auth") && firstWrong(below(path), SERVER_AUTH, false) < 0);
        Test nothingElse = path -> note(found, path, preset);
        try {
            search(presented, now, enforced);
            return new Outcome("enforced", -1, null);
        } catch (GeneralSecurityException refused) {
            try { // and only now: if any path is in order, nothing is relaxed
                search(presented, now, relaxed);
                return new Outcome("relaxed", found.get(0), null);
            } catch (GeneralSecurityException still) {
                found.clear();
            }
            try {
                search(presented, now, nothingElse);
                return new Outcome("refused-eku", found.get(0), new CertificateException("the EKU is wrong for this role"));
            } catch (GeneralSecurityException other) {
                return new Outcome("refused-other", -1, other);
            }
        }
    }

    private boolean note(List<Integer> found, List<X509Certificate> path, String preset) {
        found.clear();
        found.add(firstWrong(below(path), purpose(), preset.equals("strict")));
        return found.get(0) >= 0;
    }

    private interface Test {
        boolean accepts(List<X509Certificate> path);
    }

    private void search(X509Certificate[] presented, Instant now, Test test) throws GeneralSecurityException {
        var leaf = presented[0];
        if (roots.contains(leaf)) { // a self-signed leaf that is its own root; no other check is PKIX's
            leaf.checkValidity(Date.from(now));
            judge(List.of(leaf), leaf, test);
            return;
        }
        var anchors = new HashSet<TrustAnchor>();
        for (var root : roots) {
            // PKIX looks at no other field of a root than its name, key and name constraints.
            if (root.getBasicConstraints() >= 0 && maySign(root, 5) && Rules.hasKnownCriticals(root)) {
                anchors.add(new TrustAnchor(root, null));
            }
        }
        if (anchors.isEmpty()) throw new CertificateException("no root may issue");
        var target = new X509CertSelector();
        target.setCertificate(leaf);
        var parameters = new PKIXBuilderParameters(anchors, target);
        parameters.setDate(Date.from(now));
        parameters.setMaxPathLength(6);
        parameters.setRevocationEnabled(!lists.isEmpty());
        var store = new ArrayList<Object>(List.of(presented));
        var newest = newest(presented, now);
        newest.stream().filter(list -> Date.from(now).before(list.getNextUpdate())).forEach(store::add);
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(store)));
        parameters.addCertPathChecker(new Checker(leaf, newest, test));
        CertPathBuilder.getInstance("PKIX").build(parameters);
    }

    /** Sees the certificates of a path from below the root to the leaf, and judges them there. */
    private final class Checker extends PKIXCertPathChecker {
        private final X509Certificate leaf;
        private final List<X509CRL> lists;
        private final Test test;
        private final LinkedList<X509Certificate> path = new LinkedList<>();

        Checker(X509Certificate leaf, List<X509CRL> lists, Test test) {
            this.leaf = leaf;
            this.lists = lists;
            this.test = test;
        }

        @Override public void init(boolean forward) { path.clear(); }
        @Override public boolean isForwardCheckingSupported() { return false; }
        @Override public Set<String> getSupportedExtensions() { return Set.of(EKU); }

        @Override public void check(Certificate certificate, Collection<String> critical) throws CertPathValidatorException {
            path.addFirst((X509Certificate) certificate);
            critical.remove(EKU);
            for (var list : lists) { // whatever its scope: issuer and serial are the certificate
                var issuer = ((X509Certificate) certificate).getIssuerX500Principal();
                if (list.getIssuerX500Principal().equals(issuer) && list.isRevoked(certificate)) {
                    throw new CertPathValidatorException("the certificate is revoked");
                }
            }
            if (certificate.equals(leaf)) {
                try {
                    judge(List.copyOf(path), anchorOf(path.getLast()), test);
                } catch (CertificateException refused) {
                    throw new CertPathValidatorException(refused.getMessage(), refused);
                }
            }
        }
    }

    /**
     * PKIX asks one list of several, not the newest. Here are the newest of each key and scope, of those that
     * have begun and that a root or a presented certificate has signed. Keys are not told apart below one name:
     * of an issuer with two keys, only lists by keys that are presented count.
     */
    private List<X509CRL> newest(X509Certificate[] presented, Instant now) {
        var newest = new HashMap<List<Object>, List<X509CRL>>();
        for (var list : lists) {
            if (list.getVersion() < 2 || list.getExtensionValue("2.5.29.27") != null) continue; // or a delta list
            var signers = new ArrayList<>(roots);
            signers.addAll(List.of(presented));
            signers.removeIf(signer -> !signer.getSubjectX500Principal().equals(list.getIssuerX500Principal()) || !hasSigned(signer, list));
            if (signers.isEmpty() || list.getThisUpdate().after(Date.from(now))) continue;
            var point = list.getExtensionValue("2.5.29.28");
            var scope = List.<Object>of(signers.get(0).getPublicKey(), list.getIssuerX500Principal(), point == null ? "" : HexFormat.of().formatHex(point));
            var known = newest.computeIfAbsent(scope, it -> new ArrayList<>());
            int age = known.isEmpty() ? 0 : AGE.compare(list, known.get(0));
            if (age > 0) known.clear();
            if (age >= 0) known.add(list);
        }
        return newest.values().stream().flatMap(List::stream).toList();
    }

    /** By thisUpdate, then by number: an INTEGER in an OCTET STRING, both of them short. */
    private static final Comparator<X509CRL> AGE = Comparator.comparing(X509CRL::getThisUpdate)
        .thenComparing(list -> {
            var number = list.getExtensionValue("2.5.29.20");
            return number == null ? java.math.BigInteger.ONE.negate() : new java.math.BigInteger(number, 4, number.length - 4);
        });

    private static boolean hasSigned(X509Certificate signer, X509CRL list) {
        try {
            list.verify(signer.getPublicKey());
            return true;
        } catch (GeneralSecurityException other) {
            return false;
        }
    }

    private X509Certificate anchorOf(X509Certificate last) throws CertificateException {
        for (var root : roots) {
            try {
                last.verify(root.getPublicKey());
                if (root.getSubjectX500Principal().equals(last.getIssuerX500Principal())) return root;
            } catch (GeneralSecurityException another) {
                continue;
            }
        }
        throw new CertificateException("no root has signed it");
    }

    /** Leaf first, without its root: where PKIX is too lenient, whose the path is, and the EKU last. */
    private void judge(List<X509Certificate> path, X509Certificate root, Test test) throws CertificateException {
        var leaf = path.get(0);
        refuse(leaf.getBasicConstraints() >= 0, "a CA as leaf");
        refuse(leaf.getKeyUsage() != null && leaf.getKeyUsage()[5], "a leaf with keyCertSign");
        refuse(leaf.getExtensionValue("2.5.29.30") != null, "a leaf with name constraints");
        refuse(leaf.getPublicKey() instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() < 2048, "a weak key");
        for (var certificate : path) {
            refuse(purposes(certificate) != null && purposes(certificate).isEmpty(), "a malformed EKU");
            var constraints = certificate.getExtensionValue("2.5.29.30");
            refuse(certificate.getIssuerX500Principal().getName().isEmpty(), "an issuer without a name");
            refuse(constraints != null && constraints.length <= 4, "name constraints that constrain nothing");
        }
        var whole = new ArrayList<>(path);
        if (!leaf.equals(root)) whole.add(root);
        var rules = role == Role.SERVER ? policy.expect : policy.allow;
        boolean isNamed = rules.isEmpty() || Rules.matchAny(rules, whole);
        refuse(!(role == Role.SERVER && rules.isEmpty() ? Rules.isServer(leaf, serverName) : isNamed), "another name");
        refuse(!test.accepts(whole), "the EKU is wrong for this role");
    }

    private static void refuse(boolean found, String message) throws CertificateException {
        if (found) throw new CertificateException(message);
    }

    private static boolean maySign(X509Certificate ca, int bit) {
        return ca.getKeyUsage() == null || ca.getKeyUsage()[bit];
    }

    private String purpose() {
        return role == Role.SERVER ? SERVER_AUTH : CLIENT_AUTH;
    }

    private boolean relaxesFor(List<X509Certificate> whole) {
        boolean isPublic = whole.get(0).getExtensionValue("1.3.6.1.4.1.11129.2.4.2") != null
            || whole.stream().anyMatch(Rules::belongsToTheWeb);
        return Rules.matchAny(policy.relaxFor, whole) || policy.anyPrivate && !isPublic;
    }

    /** Without its root, whose own EKU is not looked at. */
    private static List<X509Certificate> below(List<X509Certificate> whole) {
        return whole.subList(0, Math.max(1, whole.size() - 1));
    }

    /** The first certificate that has an EKU without the purpose, or -1. */
    static int firstWrong(List<X509Certificate> path, String purpose, boolean strict) {
        for (int i = 0; i < path.size(); i++) {
            var purposes = purposes(path.get(i));
            if (purposes != null ? !purposes.contains(purpose) : strict && i == 0) return i;
        }
        return -1;
    }

    /** Null without the extension, empty if it is malformed. */
    static List<String> purposes(X509Certificate certificate) {
        if (certificate.getExtensionValue(EKU) == null) return null;
        try {
            var purposes = certificate.getExtendedKeyUsage();
            return purposes == null ? List.of() : purposes;
        } catch (CertificateParsingException malformed) {
            return List.of();
        }
    }

    private void decide(X509Certificate[] chain) throws CertificateException {
        var outcome = verify(chain, Instant.now());
        observer.accept(outcome);
        if (outcome.why != null) throw new CertificateException(outcome.why.getMessage(), outcome.why);
    }

    @Override public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException { decide(chain); }
    @Override public void checkClientTrusted(X509Certificate[] chain, String type, Socket peer) throws CertificateException { decide(chain); }
    @Override public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine peer) throws CertificateException { decide(chain); }
    @Override public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException { decide(chain); }
    @Override public void checkServerTrusted(X509Certificate[] chain, String type, Socket peer) throws CertificateException { decide(chain); }
    @Override public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine peer) throws CertificateException { decide(chain); }
    @Override public X509Certificate[] getAcceptedIssuers() { return roots.toArray(new X509Certificate[0]); }
}
