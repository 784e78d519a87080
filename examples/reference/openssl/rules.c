/* Peer rules: `dns:NAME`, `uri:URI`, `spiffe-trust-domain:NAME`, `email:ADDRESS`, `ip:ADDRESS`,
 * `spki-sha256:HEX`, `cert-sha256:HEX`; behind any of them ` under spki-sha256:HEX`. */
#include "roles.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LABEL "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
#define PCHAR "[A-Za-z0-9._~!$&'()*+,;=:@-]+"
#define HEX64 "[0-9a-f]{64}"

static int matches(const char *pattern, const char *text, int flags)
{
    regex_t compiled;
    if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB | flags) != 0)
        return 0;
    int found = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return found;
}

static int is_strict(const char *uri)
{
    if (matches("/\\.{1,2}(/|$)", uri, 0))
        return 0;
    if (strncmp(uri, "spiffe:", 7) == 0)
        return matches("^spiffe://[a-z0-9._-]+(/[A-Za-z0-9._-]+)*$", uri, 0);
    return matches("^[a-z][a-z0-9+.-]*:(//[a-z0-9._-]+(:[0-9]+)?(/" PCHAR ")*|" PCHAR "(/" PCHAR ")*)$", uri, 0);
}

/* A rule in its parts: what stands before the colon, behind it, and the key behind ` under `. */
struct parts { char form[32], value[512], under[65]; };

static int split(const char *text, struct parts *parts)
{
    char copy[1024];
    char *bound, *value;
    *parts = (struct parts){ "", "", "" };
    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
        return 0;
    if ((bound = strstr(copy, " under ")) != NULL) {
        *bound = '\0';
        if (!matches("^spki-sha256:" HEX64 "$", bound + 7, REG_ICASE))
            return 0;
        strcpy(parts->under, bound + 7 + strlen("spki-sha256:"));
    }
    if ((value = strchr(copy, ':')) == NULL || value - copy >= (int)sizeof parts->form)
        return 0;
    *value++ = '\0';
    strcpy(parts->form, copy);
    return snprintf(parts->value, sizeof parts->value, "%s", value) < (int)sizeof parts->value;
}

int rule_is_well_formed(const char *text)
{
    struct parts p;
    if (!split(text, &p))
        return 0;
    if (strcmp(p.form, "dns") == 0)
        return matches("^(\\*\\.)?(" LABEL "\\.)*" LABEL "$", p.value, REG_ICASE);
    if (strcmp(p.form, "uri") == 0)
        return is_strict(p.value);
    if (strcmp(p.form, "spiffe-trust-domain") == 0)
        return matches("^[a-z0-9._-]+$", p.value, 0);
    if (strcmp(p.form, "email") == 0)
        return matches("^[^@]+@(" LABEL "\\.)*" LABEL "$", p.value, REG_ICASE);
    if (strcmp(p.form, "ip") == 0) {
        ASN1_OCTET_STRING *address = a2i_IPADDRESS(p.value);
        ASN1_OCTET_STRING_free(address);
        return address != NULL;
    }
    return !rule_is_by_name(text) && matches("^" HEX64 "$", p.value, REG_ICASE);
}

int rule_is_by_name(const char *text)
{
    return strncmp(text, "spki-sha256:", 12) != 0 && strncmp(text, "cert-sha256:", 12) != 0;
}

int rule_counts_over_public_roots(const char *text)
{
    return !rule_is_by_name(text) || strncmp(text, "dns:", 4) == 0 || strncmp(text, "ip:", 3) == 0;
}

static int has_digest(const char *hex, const unsigned char *der, int length)
{
    unsigned char digest[32];
    char text[65];
    EVP_Digest(der, length, digest, NULL, EVP_sha256(), NULL);
    for (int i = 0; i < 32; i++)
        sprintf(text + 2 * i, "%02x", digest[i]);
    return strcasecmp(text, hex) == 0;
}

static int has_key(X509 *certificate, const char *hex)
{
    unsigned char *der = NULL;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    int found = length > 0 && has_digest(hex, der, length);
    OPENSSL_free(der);
    return found;
}

static int is_certificate(X509 *certificate, const char *hex)
{
    unsigned char *der = NULL;
    int length = i2d_X509(certificate, &der);
    int found = length > 0 && has_digest(hex, der, length);
    OPENSSL_free(der);
    return found;
}

static int match_dns(const char *rule, const char *name)
{
    const char *host = strchr(name, '.');
    if (strcasecmp(rule, name) == 0)
        return 1;
    return rule[0] == '*' && host != NULL && strcasecmp(rule + 1, host) == 0
        && matches("^(\\*|[a-z0-9_-]+)(\\.[a-z0-9_-]+)*$", name, REG_ICASE);
}

static int match_name(const struct parts *p, const GENERAL_NAME *name)
{
    int type;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
    char text[512];

    if (type == GEN_IPADD) {
        ASN1_OCTET_STRING *address = strcmp(p->form, "ip") == 0 ? a2i_IPADDRESS(p->value) : NULL;
        int found = address != NULL && ASN1_STRING_cmp(address, value) == 0;
        ASN1_OCTET_STRING_free(address);
        return found;
    }
    if (type != GEN_DNS && type != GEN_URI && type != GEN_EMAIL)
        return 0;
    int length = ASN1_STRING_length(value);
    /* A NUL byte does not end a name. */
    if (length >= (int)sizeof text || memchr(ASN1_STRING_get0_data(value), '\0', length) != NULL)
        return 0;
    snprintf(text, sizeof text, "%.*s", length, (const char *)ASN1_STRING_get0_data(value));
    if (type == GEN_DNS)
        return strcmp(p->form, "dns") == 0 && match_dns(p->value, text);
    if (type == GEN_EMAIL) {
        const char *ours = strrchr(p->value, '@'), *theirs = strrchr(text, '@');
        return strcmp(p->form, "email") == 0 && theirs != NULL && ours - p->value == theirs - text
            && strncmp(p->value, text, ours - p->value) == 0 && strcasecmp(ours, theirs) == 0;
    }
    if (strcmp(p->form, "uri") == 0)
        return strcmp(p->value, text) == 0;
    size_t domain = strlen(p->value);
    return strcmp(p->form, "spiffe-trust-domain") == 0 && is_strict(text) && strncmp(text, "spiffe://", 9) == 0
        && strncmp(text + 9, p->value, domain) == 0 && strchr("/", text[9 + domain]) != NULL;
}

/* A certificate with two URIs, or with a name that is malformed, has no name at all. */
static int match_names(const struct parts *p, X509 *leaf)
{
    int matched = 0, uris = 0, malformed = 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        int length = name->type == GEN_IPADD ? ASN1_STRING_length(name->d.iPAddress) : 4;
        malformed |= length != 4 && length != 16;
        uris += name->type == GEN_URI;
        matched |= match_name(p, name);
    }
    GENERAL_NAMES_free(names);
    return matched && uris <= 1 && !malformed;
}

static int is_below(STACK_OF(X509) *path, const char *key)
{
    int depth = sk_X509_num(path);
    for (int i = depth > 1; i < depth; i++) /* alone, it is its own root */
        if (has_key(sk_X509_value(path, i), key))
            return 1;
    return 0;
}

int rules_match(const struct rules *rules, STACK_OF(X509) *path)
{
    X509 *leaf = sk_X509_value(path, 0);
    int public = 0;
    for (int i = 1; i < sk_X509_num(path); i++)
        public |= belongs_to_the_web(sk_X509_value(path, i));
    for (int i = 0; i < rules->count; i++) {
        struct parts p;
        if (!split(rules->text[i], &p) || (p.under[0] != '\0' && !is_below(path, p.under)))
            continue;
        int validated = rule_counts_over_public_roots(rules->text[i]) && lists_purpose(leaf, NID_server_auth);
        if (strcmp(p.form, "spki-sha256") == 0 ? has_key(leaf, p.value)
            : strcmp(p.form, "cert-sha256") == 0 ? is_certificate(leaf, p.value)
            : (!public || validated) && match_names(&p, leaf))
            return 1;
    }
    return 0;
}

/* A CA/Browser Forum policy. A product also asks a list of public roots, by key. */
int belongs_to_the_web(X509 *certificate)
{
    int found = 0;
    CERTIFICATEPOLICIES *policies = X509_get_ext_d2i(certificate, NID_certificate_policies, NULL, NULL);
    for (int i = 0; i < sk_POLICYINFO_num(policies); i++) {
        char oid[80];
        OBJ_obj2txt(oid, sizeof oid, sk_POLICYINFO_value(policies, i)->policyid, 1);
        found |= strncmp(oid, "2.23.140.1.", 11) == 0;
    }
    CERTIFICATEPOLICIES_free(policies);
    return found;
}

int lists_purpose(X509 *certificate, int nid)
{
    int found = 0;
    EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++)
        found |= OBJ_obj2nid(sk_ASN1_OBJECT_value(eku, i)) == nid;
    EXTENDED_KEY_USAGE_free(eku);
    return found;
}
