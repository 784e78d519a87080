import java.io.FileInputStream;
import java.nio.file.*;
import java.security.GeneralSecurityException;
import java.security.cert.*;
import java.util.*;
import javax.net.ssl.*;

/**
 * Java as it comes, on the exported vectors in FOLDER: a line each, id, accepted by its trust manager,
 * accepted by the PKIX builder beneath it, which looks at no EKU. Names of servers are not asked by either.
 */
final class Plain {
    private static List<X509Certificate> certificates(String folder, String names) throws Exception {
        var all = new ArrayList<X509Certificate>();
        for (var name : names.split(",")) {
            if (name.equals("-")) continue;
            try (var in = new FileInputStream(folder + "/" + name + ".pem")) {
                all.add((X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in));
            }
        }
        return all;
    }

    private static boolean accepts(String folder, String[] field, boolean any) throws Exception {
        try {
            var chain = certificates(folder, field[3]);
            if (chain.isEmpty()) return false;
            var anchors = new HashSet<TrustAnchor>();
            for (var root : certificates(folder, field[4])) anchors.add(new TrustAnchor(root, null));
            var target = new X509CertSelector();
            if (any) target.setCertificate(chain.get(0));
            var parameters = new PKIXBuilderParameters(anchors, target);
            parameters.setDate(new Date(1000 * Long.parseLong(field[2])));
            var store = new ArrayList<Object>(chain);
            for (var name : field[5].split(",")) {
                if (name.equals("-")) continue;
                try (var in = new FileInputStream(folder + "/" + name + ".crl")) {
                    store.add(CertificateFactory.getInstance("X.509").generateCRL(in));
                }
            }
            parameters.setRevocationEnabled(!field[5].equals("-"));
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(store)));
            if (any) {
                CertPathBuilder.getInstance("PKIX").build(parameters);
                return true;
            }
            var factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(new CertPathTrustManagerParameters(parameters));
            var manager = (X509TrustManager) factory.getTrustManagers()[0];
            var presented = chain.toArray(new X509Certificate[0]);
            if (field[1].equals("server")) {
                manager.checkServerTrusted(presented, "ECDHE_ECDSA");
            } else {
                manager.checkClientTrusted(presented, "EC");
            }
            return true;
        } catch (GeneralSecurityException refused) {
            return false;
        }
    }

    public static void main(String[] arguments) throws Exception {
        for (var line : Files.readAllLines(Path.of(arguments[0], "vectors.tsv"))) {
            var field = line.split("\t", -1);
            System.out.println(field[0] + "\t" + accepts(arguments[0], field, false) + "\t" + accepts(arguments[0], field, true));
        }
    }
}
