/* The decision. The search for paths is ours, since OpenSSL builds one and no other; each path is then
 * validated by X509_verify_cert, which is given nothing but its certificates. No purpose is set: the
 * EKU is judged here. Nothing is taken out of OpenSSL's verdict by error code: 26 means the EKU, the key
 * usage or Netscape's type, and who ignores it ignores all of them. */
#include "roles.h"

#include <stdio.h>
#include <string.h>

#define MOST_STEPS 300
#define DEEPEST 8

struct search {
    const struct verifier *v;
    STACK_OF(X509) *presented;
    STACK_OF(X509) *path;
    enum preset preset;
    time_t now;
    int steps, error;
    struct outcome best, relaxed;
};

enum preset policy_at(const struct policy *policy, time_t now)
{
    int relaxed = policy->eku == IGNORE || policy->eku == ACCEPT_SERVER_AUTH;
    return relaxed && policy->until != 0 && now >= policy->until ? RFC5280 : policy->eku;
}

const char *verifier_check(const struct verifier *v)
{
    const struct policy *p = &v->policy;
    int relaxed = p->eku == IGNORE || p->eku == ACCEPT_SERVER_AUTH;
    int public = 0, count = sk_X509_num(v->roots);
    const struct rules *all[] = { &p->relax_for, &p->allow, &p->expect };

    for (int i = 0; i < count; i++)
        public += belongs_to_the_web(sk_X509_value(v->roots, i));
    if (count <= 0)
        return "no roots; the system's are never used in their place";
    if (v->role == SERVER && p->eku == ACCEPT_SERVER_AUTH)
        return "accept-server-auth is for clients";
    if (relaxed && p->relax_for.count == 0 && !p->any_private)
        return "relaxed for nobody: name the peers";
    if (public && relaxed && (p->any_private || v->role == SERVER))
        return "over public roots this is relaxed for anybody";
    if (public && v->role == CLIENT && p->allow.count == 0 && !p->allow_anybody)
        return "over public roots, say who may connect";
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < all[i]->count; j++) {
            const char *rule = all[i]->text[j];
            if (!rule_is_well_formed(rule))
                return "a rule that cannot match what it seems to say";
            if (public == count && !rule_counts_over_public_roots(rule))
                return "no public CA validates such names";
            if (i == 0 && public && p->eku == IGNORE && rule_is_by_name(rule))
                return "over public roots, ignore by fingerprint only";
        }
    return NULL;
}

/* X509_verify_cert on this very path: signatures, validity, path length, name constraints, critical
 * extensions, lists. X509_V_FLAG_X509_STRICT stays off: CVE-2021-3450, and it refuses common private CAs. */
static const char *validate(struct search *s)
{
    int depth = sk_X509_num(s->path);
    X509 *leaf = sk_X509_value(s->path, 0);
    STACK_OF(X509) *root = sk_X509_new_null(), *issuers = sk_X509_new_null();
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
    const char *why = NULL;

    X509_VERIFY_PARAM_set_time(param, s->now);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
    if (s->v->crls != NULL) {
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
        for (int i = 0; i < sk_X509_CRL_num(s->v->crls); i++)
            if (is_usable(sk_X509_CRL_value(s->v->crls, i)))
                X509_STORE_add_crl(store, sk_X509_CRL_value(s->v->crls, i));
    }
    sk_X509_push(root, sk_X509_value(s->path, depth - 1));
    for (int i = 1; i < depth - 1; i++)
        sk_X509_push(issuers, sk_X509_value(s->path, i));
    X509_STORE_CTX_init(context, store, leaf, issuers);
    X509_STORE_CTX_set0_trusted_stack(context, root);
    s->error = X509_V_ERR_CERT_REJECTED; /* what any other check will mean */
    if (X509_verify_cert(context) != 1) {
        s->error = X509_STORE_CTX_get_error(context);
        why = X509_verify_cert_error_string(s->error);
    }
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    sk_X509_free(root);
    sk_X509_free(issuers);
    return why;
}

/* Where OpenSSL without a purpose is too lenient. */
static const char *check_path(struct search *s)
{
    X509 *leaf = sk_X509_value(s->path, 0);
    EVP_PKEY *key = X509_get0_pubkey(leaf);
    int issuers = sk_X509_num(s->path);

    if (X509_check_ca(leaf) != 0 || (X509_get_extension_flags(leaf) & EXFLAG_CA)) /* `-purpose any` takes it */
        return "a CA as leaf";
    if (X509_get_ext_by_NID(leaf, NID_name_constraints, -1) >= 0)
        return "a leaf with name constraints";
    if (key == NULL || (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) < 2048))
        return "a weak key";
    for (int i = 0; i < issuers; i++) {
        X509 *certificate = sk_X509_value(s->path, i);
        if (i + 1 < issuers && is_revoked(s->v->crls, certificate, sk_X509_value(s->path, i + 1), s->now)) {
            s->error = X509_V_ERR_CERT_REVOKED;
            return "the certificate is revoked";
        }
        /* 1 is cA:TRUE; other values guess from a key usage or Netscape's type. */
        if (i > 0 && (X509_check_ca(certificate) != 1 || !(X509_get_key_usage(certificate) & KU_KEY_CERT_SIGN)))
            return "an issuer that may not issue";
        if (i > 0 && (X509_get_extension_flags(certificate) & EXFLAG_CRITICAL))
            return "an unknown critical extension";
        if (i > 0 && X509_NAME_entry_count(X509_get_subject_name(certificate)) == 0)
            return "an issuer without a name";
        NAME_CONSTRAINTS *names = X509_get_ext_d2i(certificate, NID_name_constraints, NULL, NULL);
        int empty = names != NULL && names->permittedSubtrees == NULL && names->excludedSubtrees == NULL;
        NAME_CONSTRAINTS_free(names);
        if (empty)
            return "name constraints that constrain nothing";
        if (i == 0 || i < issuers - 1) {
            int found = -1;
            EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(certificate, NID_ext_key_usage, &found, NULL);
            int purposes = sk_ASN1_OBJECT_num(eku);
            EXTENDED_KEY_USAGE_free(eku);
            if (found == -2 || (found >= 0 && purposes <= 0)) /* twice, or without any purpose */
                return "a malformed EKU";
        }
    }
    return NULL;
}

static const char *check_name(struct search *s)
{
    X509 *leaf = sk_X509_value(s->path, 0);
    const struct rules *rules = s->v->role == SERVER ? &s->v->policy.expect : &s->v->policy.allow;
    const char *name = s->v->server_name;
    unsigned int flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

    if (s->v->role == SERVER && rules->count == 0)
        return X509_check_ip_asc(leaf, name, 0) == 1 || X509_check_host(leaf, name, 0, flags, NULL) == 1
            ? NULL : "the certificate is for another name";
    return rules->count == 0 || rules_match(rules, s->path) ? NULL : "no rule names this peer";
}

/* The first certificate that has an EKU without the purpose, or -1. The root's own is not looked at. */
static int first_wrong(STACK_OF(X509) *path, int purpose, int strict)
{
    for (int i = 0; i == 0 || i < sk_X509_num(path) - 1; i++) {
        X509 *certificate = sk_X509_value(path, i);
        int has = X509_get_ext_by_NID(certificate, NID_ext_key_usage, -1) >= 0;
        if (has ? !lists_purpose(certificate, purpose) : strict && i == 0)
            return i;
    }
    return -1;
}

static int relaxes_for(struct search *s)
{
    int public = X509_get_ext_by_NID(sk_X509_value(s->path, 0), NID_ct_precert_scts, -1) >= 0;
    for (int i = 0; i < sk_X509_num(s->path); i++)
        public |= belongs_to_the_web(sk_X509_value(s->path, i));
    return rules_match(&s->v->policy.relax_for, s->path) || (s->v->policy.any_private && !public);
}

/* A path that leads to a root: what does it say? */
static void judge(struct search *s)
{
    const char *why = validate(s);
    if (why == NULL)
        why = check_path(s);
    if (why == NULL)
        why = check_name(s);
    if (why != NULL) {
        if (s->best.report == REFUSED_OTHER)
            s->best = (struct outcome){ REFUSED_OTHER, -1, s->error, why };
        return;
    }
    int wrong = first_wrong(s->path, s->v->role == SERVER ? NID_server_auth : NID_client_auth, s->preset == STRICT);
    int lets_pass = s->preset == IGNORE
        || (s->preset == ACCEPT_SERVER_AUTH && first_wrong(s->path, NID_server_auth, 0) < 0);
    if (wrong < 0)
        s->best = (struct outcome){ ENFORCED, -1, X509_V_OK, NULL };
    else if (s->best.report == REFUSED_OTHER)
        s->best = (struct outcome){ REFUSED_EKU, wrong, X509_V_ERR_INVALID_PURPOSE,
            "the EKU is wrong for this role, and nothing else is" };
    if (wrong >= 0 && lets_pass && s->relaxed.report != RELAXED && relaxes_for(s))
        s->relaxed = (struct outcome){ RELAXED, wrong, X509_V_OK, NULL };
}

/* Every way from the end of the path to a root, through what was presented; bounded. */
static void extend(struct search *s)
{
    int depth = sk_X509_num(s->path);
    X509 *last = sk_X509_value(s->path, depth - 1);
    STACK_OF(X509) *pools[] = { s->v->roots, s->presented };

    for (int pool = 0; pool < 2 && depth < DEEPEST; pool++)
        for (int i = 0; i < sk_X509_num(pools[pool]) && s->best.report != ENFORCED; i++) {
            X509 *next = sk_X509_value(pools[pool], i);
            int seen = 0, is_itself = pool == 0 && depth == 1 && X509_cmp(last, next) == 0;
            for (int j = 0; j < depth; j++)
                seen |= X509_cmp(sk_X509_value(s->path, j), next) == 0;
            if (s->steps++ > MOST_STEPS)
                return;
            if (is_itself) { /* a self-signed leaf that is its own root */
                judge(s);
                continue;
            }
            if (seen || X509_NAME_cmp(X509_get_issuer_name(last), X509_get_subject_name(next)) != 0)
                continue;
            sk_X509_push(s->path, next);
            pool == 0 ? judge(s) : extend(s);
            sk_X509_pop(s->path);
        }
}

struct outcome verifier_verify(const struct verifier *v, STACK_OF(X509) *presented, time_t now)
{
    struct search s = { .v = v, .presented = presented, .preset = policy_at(&v->policy, now), .now = now };
    s.best = s.relaxed = (struct outcome){ REFUSED_OTHER, -1, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
        "no path leads to a trusted root" };
    if (presented == NULL || sk_X509_num(presented) == 0)
        return (struct outcome){ REFUSED_OTHER, -1, X509_V_ERR_CERT_REJECTED, "no certificate was presented" };
    s.path = sk_X509_new_null();
    sk_X509_push(s.path, sk_X509_value(presented, 0));
    extend(&s);
    sk_X509_free(s.path);
    /* If any path is in order, nothing is relaxed. */
    return s.best.report != ENFORCED && s.relaxed.report == RELAXED ? s.relaxed : s.best;
}

/* In the place of OpenSSL's own verification, in a handshake; its error makes the alert. */
static int verify_in_handshake(X509_STORE_CTX *context, void *verifier)
{
    struct outcome it = verifier_verify(verifier, X509_STORE_CTX_get0_untrusted(context), time(NULL));
    X509_STORE_CTX_set_error(context, it.error);
    fprintf(stderr, "openssl: report %d, position %d, %s\n", it.report, it.position, it.why ? it.why : "accepted");
    return it.report == ENFORCED || it.report == RELAXED;
}

/* A server asks for a certificate and insists. A resumed session would outlive the policy's end, a list
 * and a swap, and runs no verifier: off. */
void verify_peers(SSL_CTX *context, struct verifier *v)
{
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(context, verify_in_handshake, v);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    for (int i = 0; v->role == CLIENT && i < sk_X509_num(v->roots); i++)
        SSL_CTX_add_client_CA(context, sk_X509_value(v->roots, i)); /* Go and Java choose by these hints */
}
