import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.spec.*;
import java.util.*;
import javax.net.ssl.*;

/** client|server PORT VERSION ROOT CHAIN KEY: says ping and prints what comes, or answers a line with pong. */
public class Peer {
    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[1]);
        var factory = CertificateFactory.getInstance("X.509");
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null);
        trusted.setCertificateEntry("root", factory.generateCertificate(new FileInputStream(args[3])));
        var own = KeyStore.getInstance("PKCS12");
        own.load(null);
        var chain = factory.generateCertificates(new FileInputStream(args[4])).toArray(new java.security.cert.Certificate[0]);
        var pem = Files.readString(Path.of(args[5])).replaceAll("-----[^-]*-----|\\s", "");
        var key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
        own.setKeyEntry("own", key, new char[0], chain);
        var trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        var keys = KeyManagerFactory.getInstance("SunX509");
        keys.init(own, new char[0]);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        var versions = new String[] { args[2].equals("1.2") ? "TLSv1.2" : "TLSv1.3" };
        if (args[0].equals("client")) {
            var socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port);
            socket.setEnabledProtocols(versions);
            try {
                socket.getOutputStream().write("ping\n".getBytes());
                System.out.println(new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine());
            } catch (IOException error) {
                System.out.println(error);
            }
            return;
        }
        var listener = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(port, 50, InetAddress.getLoopbackAddress());
        listener.setEnabledProtocols(versions);
        listener.setNeedClientAuth(true);
        while (true) {
            try (var socket = (SSLSocket) listener.accept()) {
                if (new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine() != null)
                    socket.getOutputStream().write("pong\n".getBytes());
            } catch (IOException error) {
                System.out.println(error);
            }
        }
    }
}
