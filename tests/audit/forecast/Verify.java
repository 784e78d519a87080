// Verifies DIR/leaf.pem under DIR/root.pem by way of DIR/issuer.pem for every DIR that is named, as
// server and as client, and prints one line for each: DIR server|client yes|no.
import java.io.FileInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.Date;
import java.util.Set;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

class Verify {
    static X509Certificate read(String dir, String name) throws Exception {
        try (var in = new FileInputStream(dir + "/" + name)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    static boolean isAccepted(String dir, String role, Date now) throws Exception {
        try {
            var anchors = Set.of(new TrustAnchor(read(dir, "root.pem"), null));
            var parameters = new PKIXBuilderParameters(anchors, new X509CertSelector());
            parameters.setRevocationEnabled(false);
            parameters.setDate(now);
            var factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(new CertPathTrustManagerParameters(parameters));
            var manager = (X509TrustManager) factory.getTrustManagers()[0];
            var chain = new X509Certificate[] {read(dir, "leaf.pem"), read(dir, "issuer.pem")};
            if (role.equals("server")) {
                manager.checkServerTrusted(chain, "ECDHE_ECDSA");
            } else {
                manager.checkClientTrusted(chain, "EC");
            }
            return true;
        } catch (CertificateException refused) {
            return false;
        }
    }

    public static void main(String[] arguments) throws Exception {
        var now = new Date(1000 * Long.parseLong(arguments[0]));
        for (int i = 1; i < arguments.length; i++) {
            for (var role : new String[] {"server", "client"}) {
                var verdict = isAccepted(arguments[i], role, now) ? "yes" : "no";
                System.out.println(arguments[i] + " " + role + " " + verdict);
            }
        }
    }
}
