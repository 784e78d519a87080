import java.net.InetAddress;
import java.security.MessageDigest;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.*;
import java.util.regex.Pattern;

/**
 * Names verified peers: `dns:NAME`, `uri:URI`, `spiffe-trust-domain:NAME`, `email:ADDRESS`, `ip:ADDRESS`,
 * `spki-sha256:HEX`, `cert-sha256:HEX`; behind any of them ` under spki-sha256:HEX`.
 */
record Rules(String text, String form, String value, String under) {
    private static final String LABEL = "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", DOMAIN = "(" + LABEL + "\\.)*" + LABEL;
    private static final String SEGMENT = "[A-Za-z0-9._~!$&'()*+,;=:@-]+";
    private static final Pattern ID = Pattern.compile("spiffe://[a-z0-9._-]+(/[A-Za-z0-9._-]+)*");
    private static final Pattern URI = Pattern.compile(
        "[a-z][a-z0-9+.-]*:(//[a-z0-9._-]+(:[0-9]+)?(/" + SEGMENT + ")*|" + SEGMENT + "(/" + SEGMENT + ")*)");
    private static final Pattern DOTS = Pattern.compile("/\\.{1,2}(/|$)");
    private static final int EMAIL = 1, DNS = 2, URI_NAME = 6, IP = 7;

    /** Refuses what could not match what it seems to say. */
    static Rules parse(String text) {
        var parts = text.split(" under ", 2);
        var under = "";
        if (parts.length == 2) {
            if (!parts[1].matches("spki-sha256:[0-9A-Fa-f]{64}")) throw new IllegalArgumentException(text);
            under = parts[1].substring(12).toLowerCase(Locale.ROOT);
        }
        int colon = parts[0].indexOf(':');
        var form = parts[0].substring(0, Math.max(colon, 0));
        var value = parts[0].substring(colon + 1);
        var lower = value.toLowerCase(Locale.ROOT);
        int at = value.lastIndexOf('@');
        boolean isRule = switch (form) {
            case "dns" -> lower.matches("(\\*\\.)?" + DOMAIN);
            case "uri" -> isStrict(value);
            case "spiffe-trust-domain" -> value.matches("[a-z0-9._-]+");
            case "email" -> at > 0 && lower.substring(at + 1).matches(DOMAIN);
            case "ip" -> value.matches("[0-9]+(\\.[0-9]+){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");
            case "spki-sha256", "cert-sha256" -> lower.matches("[0-9a-f]{64}");
            default -> false;
        };
        if (!isRule) throw new IllegalArgumentException(text);
        if (form.equals("email")) value = value.substring(0, at) + lower.substring(at);
        if (form.equals("dns") || form.endsWith("-sha256")) value = lower;
        if (form.equals("ip")) value = address(value);
        return new Rules(text, form, value, under);
    }

    private static boolean isStrict(String uri) {
        var pattern = uri.startsWith("spiffe:") ? ID : URI;
        return pattern.matcher(uri).matches() && !DOTS.matcher(uri).find();
    }

    /** Digits of the address, in the family in which it is written: Java turns IPv4-mapped ones into IPv4. */
    private static String address(String text) {
        try {
            var bytes = InetAddress.getByName(text).getAddress();
            var prefix = text.contains(":") && bytes.length == 4 ? "00000000000000000000ffff" : "";
            return prefix + HexFormat.of().formatHex(bytes);
        } catch (java.net.UnknownHostException impossible) {
            throw new IllegalArgumentException(text);
        }
    }

    boolean isByName() {
        return !form.endsWith("-sha256");
    }

    boolean isValidatedByPublicCas() {
        return !isByName() || form.equals("dns") || form.equals("ip");
    }

    /** By a path that ends with its root. */
    static boolean matchAny(List<Rules> rules, List<X509Certificate> path) {
        var leaf = path.get(0);
        boolean isPublic = path.subList(1, path.size()).stream().anyMatch(Rules::belongsToTheWeb);
        var purposes = Roles.purposes(leaf);
        boolean isServer = purposes != null && purposes.contains(Roles.SERVER_AUTH);
        return rules.stream().anyMatch(rule -> {
            boolean counts = !rule.isByName() || !isPublic || rule.isValidatedByPublicCas() && isServer;
            return counts && rule.isBelow(path) && rule.matches(leaf);
        });
    }

    private boolean isBelow(List<X509Certificate> path) {
        var above = path.size() == 1 ? path : path.subList(1, path.size());
        return under.isEmpty() || above.stream().anyMatch(it -> digest(it.getPublicKey().getEncoded()).equals(under));
    }

    private boolean matches(X509Certificate leaf) {
        if (form.equals("spki-sha256")) return digest(leaf.getPublicKey().getEncoded()).equals(value);
        if (form.equals("cert-sha256")) return digest(encoded(leaf)).equals(value);
        int uris = 0;
        boolean matched = false;
        for (var name : names(leaf)) {
            int type = (Integer) name.get(0);
            if (type == URI_NAME) uris++;
            matched |= name.get(1) instanceof String text && matches(type, text);
        }
        return matched && uris <= 1;
    }

    private boolean matches(int type, String name) {
        return switch (form) {
            case "dns" -> type == DNS && matchesDns(name.toLowerCase(Locale.ROOT));
            case "uri" -> type == URI_NAME && name.equals(value);
            case "spiffe-trust-domain" ->
                type == URI_NAME && isStrict(name) && (name + "/").startsWith("spiffe://" + value + "/");
            case "email" -> {
                int at = name.lastIndexOf('@');
                yield type == EMAIL && at > 0 && value.equals(name.substring(0, at) + name.substring(at).toLowerCase(Locale.ROOT));
            }
            default -> type == IP && address(name).equals(value);
        };
    }

    private boolean matchesDns(String name) {
        boolean isBelow = value.startsWith("*.") && name.indexOf('.') > 0
            && name.substring(name.indexOf('.')).equals(value.substring(1))
            && name.matches("(\\*|[a-z0-9_-]+)(\\.[a-z0-9_-]+)*");
        return name.equals(value) || isBelow;
    }

    /** By the name that was connected to: exact, or by a wildcard of the first label; never the common name. */
    static boolean isServer(X509Certificate leaf, String serverName) {
        boolean isAddress = serverName.matches("[0-9.]+|.*:.*");
        for (var entry : names(leaf)) {
            if (!(entry.get(1) instanceof String name)) continue;
            int type = (Integer) entry.get(0), dot = serverName.indexOf('.');
            boolean isHost = name.equalsIgnoreCase(serverName)
                || name.startsWith("*.") && dot > 0 && name.substring(1).equalsIgnoreCase(serverName.substring(dot));
            if (isAddress ? type == IP && address(name).equals(address(serverName)) : type == DNS && isHost) return true;
        }
        return false;
    }

    /** None if any of them cannot be read. */
    private static Collection<List<?>> names(X509Certificate leaf) {
        try {
            var names = leaf.getSubjectAlternativeNames();
            return names == null ? List.of() : names;
        } catch (CertificateParsingException malformed) {
            return List.of();
        }
    }

    /** A CA/Browser Forum policy, by its bytes: Java shows no policies. A product also asks a list of roots, by key. */
    static boolean belongsToTheWeb(X509Certificate certificate) {
        var policies = certificate.getExtensionValue("2.5.29.32");
        return policies != null && HexFormat.of().formatHex(policies).contains("67810c01");
    }

    static boolean hasKnownCriticals(X509Certificate root) {
        var known = Set.of("2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.30", "2.5.29.37", "2.5.29.31");
        return root.getCriticalExtensionOIDs() == null || known.containsAll(root.getCriticalExtensionOIDs());
    }

    private static byte[] encoded(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (java.security.cert.CertificateEncodingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static String digest(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (java.security.NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
