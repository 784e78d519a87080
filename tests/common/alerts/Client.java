// A hundred visits with a certificate that is refused; prints what each of them learned.
//
// java Client.java PORT TLSv1.2|TLSv1.3 BYTES FOLDER

import java.io.FileInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import javax.net.ssl.*;

public class Client {
    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]);
        byte[] message = new byte[Integer.parseInt(args[2])];
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {new Unfit(args[3])}, new TrustManager[] {new Anybody()}, null);
        for (int visit = 0; visit < 100; visit++) {
            // A session of its own: nothing is ever resumed.
            try (SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
                tls.setSoTimeout(30_000);
                tls.setEnabledProtocols(new String[] {args[1]});
                tls.getOutputStream().write(message);
                System.out.println("not refused: " + tls.getInputStream().read());
            } catch (IOException error) {
                System.out.println(error);
            }
        }
    }

    /// Presents the certificate whatever the server asks for.
    static class Unfit extends X509ExtendedKeyManager {
        private final X509Certificate[] chain;
        private final PrivateKey key;

        Unfit(String folder) throws Exception {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            try (FileInputStream file = new FileInputStream(folder + "/unfit.der")) {
                chain = new X509Certificate[] {(X509Certificate) factory.generateCertificate(file)};
            }
            byte[] pkcs8 = Files.readAllBytes(Path.of(folder, "unfit.key.der"));
            key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        }

        public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) { return "unfit"; }
        public X509Certificate[] getCertificateChain(String alias) { return chain; }
        public PrivateKey getPrivateKey(String alias) { return key; }
        public String[] getClientAliases(String type, Principal[] issuers) { return new String[] {"unfit"}; }
        public String[] getServerAliases(String type, Principal[] issuers) { return null; }
        public String chooseServerAlias(String type, Principal[] issuers, Socket socket) { return null; }
    }

    /// The server is not what this is about.
    static class Anybody extends X509ExtendedTrustManager {
        public void checkServerTrusted(X509Certificate[] chain, String type) {}
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}
        public void checkClientTrusted(X509Certificate[] chain, String type) {}
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}
        public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
    }
}
