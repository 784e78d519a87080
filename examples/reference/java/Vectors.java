import java.io.FileInputStream;
import java.nio.file.*;
import java.security.KeyFactory;
import java.security.cert.*;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.*;

/** Answers the vectors in FOLDER, as `cargo run --example vectors -- export FOLDER` writes them. */
final class Vectors {
    private final String folder;

    Vectors(String folder) {
        this.folder = folder;
    }

    private static List<String> list(String field, String by) {
        return field.equals("-") ? List.of() : List.of(field.split(by));
    }

    private X509Certificate[] certificates(String names) throws Exception {
        var all = new ArrayList<X509Certificate>();
        for (var name : list(names, ",")) {
            try (var in = new FileInputStream(folder + "/" + name + ".pem")) {
                all.add((X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in));
            }
        }
        return all.toArray(new X509Certificate[0]);
    }

    private List<X509CRL> lists(String names) throws Exception {
        var all = new ArrayList<X509CRL>();
        for (var name : list(names, ",")) {
            try (var in = new FileInputStream(folder + "/" + name + ".crl")) {
                all.add((X509CRL) CertificateFactory.getInstance("X.509").generateCRL(in));
            }
        }
        return all;
    }

    private static List<Rules> rules(String texts) {
        return list(texts, ";").stream().map(Rules::parse).toList();
    }

    private String answer(String[] field) throws Exception {
        if (!field[14].equals("-")) return fit(field);
        Roles verifier;
        try {
            var policy = policy(field);
            verifier = new Roles(Roles.Role.valueOf(field[1].toUpperCase(Locale.ROOT)), field[6],
                List.of(certificates(field[4])), lists(field[5]), policy, outcome -> {});
        } catch (IllegalArgumentException refused) {
            return "config-error\t-\t-";
        }
        Roles.Outcome outcome;
        try {
            outcome = verifier.verify(certificates(field[3]), Instant.ofEpochSecond(Long.parseLong(field[2])));
        } catch (CertificateException unreadable) { // JSSE ends a handshake with a certificate that cannot be read
            outcome = new Roles.Outcome("refused-other", -1, unreadable);
        }
        return line(outcome);
    }

    private static Roles.Policy policy(String[] field) {
        var until = field[8].equals("-") ? null : Instant.ofEpochSecond(Long.parseLong(field[8]));
        return new Roles.Policy(field[7], until, rules(field[11]), !field[9].equals("-"), rules(field[12]),
            !field[10].equals("-"), rules(field[13]));
    }

    private String fit(String[] field) throws Exception {
        var pem = Files.readString(Path.of(folder, field[14] + ".key"));
        var der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
        var key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
        var role = Roles.Role.valueOf(field[1].toUpperCase(Locale.ROOT));
        try {
            var now = Instant.ofEpochSecond(Long.parseLong(field[2]));
            return line(Slots.fit(role, policy(field), List.of(certificates(field[3])), key, now));
        } catch (IllegalArgumentException refused) {
            return "config-error\t-\t-";
        }
    }

    private static String line(Roles.Outcome outcome) {
        var position = outcome.position() < 0 ? "-" : String.valueOf(outcome.position());
        return (outcome.why() == null ? "accept" : "refuse") + "\t" + outcome.report() + "\t" + position;
    }

    public static void main(String[] arguments) throws Exception {
        var vectors = new Vectors(arguments[0]);
        for (var line : Files.readAllLines(Path.of(arguments[0], "vectors.tsv"))) {
            var field = line.split("\t", -1);
            System.out.println(field[0] + "\t" + vectors.answer(field));
        }
    }
}
