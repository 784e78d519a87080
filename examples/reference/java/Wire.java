import java.io.FileInputStream;
import java.io.IOException;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.*;
import javax.net.ssl.*;

/**
 * A TLS server and its client with separate slots: `serve FOLDER` prints its address, `call FOLDER PORT` what
 * the server says. The files are those of the example `embed`.
 */
final class Wire {
    /** What is presented in one role, whatever hints the other side sends: by them Java would send nothing. */
    private static final class Slot extends X509ExtendedKeyManager {
        private final X509Certificate[] chain;
        private final PrivateKey key;

        /** Refuses what is unfit for its role; a renewal would keep what the slot had. */
        Slot(String folder, String name, Roles.Role role, String eku) throws Exception {
            chain = certificates(folder + "/" + name + ".pem").toArray(new X509Certificate[0]);
            var pem = Files.readString(Path.of(folder, name + ".key"));
            var der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
            key = KeyFactory.getInstance(chain[0].getPublicKey().getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(der));
            var policy = new Roles.Policy(eku, null, List.of(), false, List.of(), false, List.of());
            var fit = Slots.fit(role, policy, List.of(chain), key, Instant.now());
            if (fit.why() != null) throw fit.why();
        }

        /** Only if the key fits what is asked for; Java tries its kinds one after the other. */
        private String alias(String... types) {
            return Arrays.asList(types).contains(key.getAlgorithm()) ? "slot" : null;
        }

        @Override public String chooseClientAlias(String[] types, Principal[] hints, Socket socket) { return alias(types); }
        @Override public String chooseEngineClientAlias(String[] types, Principal[] hints, SSLEngine engine) { return alias(types); }
        @Override public String chooseServerAlias(String type, Principal[] hints, Socket socket) { return alias(type); }
        @Override public String chooseEngineServerAlias(String type, Principal[] hints, SSLEngine engine) { return alias(type); }
        @Override public String[] getClientAliases(String type, Principal[] hints) { return new String[] {"slot"}; }
        @Override public String[] getServerAliases(String type, Principal[] hints) { return new String[] {"slot"}; }
        @Override public X509Certificate[] getCertificateChain(String alias) { return chain; }
        @Override public PrivateKey getPrivateKey(String alias) { return key; }
    }

    private static List<X509Certificate> certificates(String file) throws Exception {
        try (var in = new FileInputStream(file)) {
            return CertificateFactory.getInstance("X.509").generateCertificates(in).stream().map(X509Certificate.class::cast).toList();
        }
    }

    private static SSLContext context(Slot slot, Roles peers) throws GeneralSecurityException {
        var context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {slot}, new TrustManager[] {peers}, null);
        return context;
    }

    private static void tell(Roles.Outcome outcome) {
        System.err.println("java: " + outcome);
    }

    private static void serve(String folder) throws Exception {
        var edge = List.of(Rules.parse("dns:edge.example.com"));
        var policy = new Roles.Policy("ignore", Instant.parse("2027-03-15T00:00:00Z"), edge, false, List.of(), false, List.of());
        var clients = new Roles(Roles.Role.CLIENT, "", certificates(folder + "/client-roots.pem"), List.of(), policy, Wire::tell);
        var context = context(new Slot(folder, "server", Roles.Role.SERVER, "rfc5280"), clients);
        var listener = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
        System.out.println("127.0.0.1:" + listener.getLocalPort());
        while (true) {
            var tcp = listener.accept();
            new Thread(() -> greet(tcp, context.getSocketFactory())).start();
        }
    }

    private static void greet(Socket tcp, SSLSocketFactory factory) {
        try (tcp) {
            tcp.setSoTimeout(10_000); // the library bounds no handshake
            // Not closed with TLS, which reads nothing more after an error: what is left unread makes a RST, and that eats the alert.
            try (var peer = (SSLSocket) factory.createSocket(tcp, null, false)) {
                peer.setNeedClientAuth(true);
                peer.startHandshake();
                var session = peer.getSession();
                session.invalidate(); // a resumed session would run no verifier
                var leaf = (X509Certificate) session.getPeerCertificates()[0];
                peer.getOutputStream().write(("you are " + leaf.getSubjectAlternativeNames() + "\n").getBytes(StandardCharsets.UTF_8));
                peer.shutdownOutput();
            } catch (Exception refused) {
                System.err.println("java: " + refused);
            }
            tcp.shutdownOutput();
            tcp.setSoTimeout(1_000);
            tcp.getInputStream().readNBytes(4 << 20);
        } catch (IOException gone) {
            System.err.println("java: " + gone);
        }
    }

    private static void call(String folder, int port) throws Exception {
        var policy = new Roles.Policy("rfc5280", null, List.of(), false, List.of(), false, List.of());
        var roots = certificates(folder + "/server-roots.pem");
        var servers = new Roles(Roles.Role.SERVER, "core.example.com", roots, List.of(), policy, Wire::tell);
        var context = context(new Slot(folder, "client", Roles.Role.CLIENT, "ignore"), servers);
        try (var server = (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
            var parameters = server.getSSLParameters();
            parameters.setServerNames(List.of(new SNIHostName("core.example.com")));
            server.setSSLParameters(parameters);
            System.out.println(new String(server.getInputStream().readAllBytes(), StandardCharsets.UTF_8)); // a refusal comes here
        } catch (SSLException refused) {
            System.out.println(refused.getMessage());
            System.exit(1);
        }
    }

    public static void main(String[] arguments) throws Exception {
        // Tickets outlive the session that is invalidated.
        System.setProperty("jdk.tls.server.enableSessionTicketExtension", "false");
        if (arguments[0].equals("serve")) {
            serve(arguments[1]);
        } else {
            call(arguments[1], Integer.parseInt(arguments[2].replaceFirst(".*:", "")));
        }
    }
}
