/* Separate TLS roles, and an EKU policy that relaxes nothing else, on OpenSSL 3. */
#ifndef ROLES_H
#define ROLES_H

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <time.h>

enum preset { RFC5280, STRICT, ACCEPT_SERVER_AUTH, IGNORE };
enum role { CLIENT, SERVER }; /* of the peer that is judged */
enum report { ENFORCED, RELAXED, REFUSED_EKU, REFUSED_OTHER };

struct rules { const char *text[16]; int count; };

struct policy {
    enum preset eku;
    time_t until;                 /* 0: without end; before 1970: negative, and past */
    int any_private;              /* relaxed for any peer of these private roots */
    int allow_anybody;            /* role client over public roots */
    struct rules relax_for, allow /* role client */, expect /* role server */;
};

struct verifier {
    enum role role;
    STACK_OF(X509) *roots;        /* never the system's */
    STACK_OF(X509_CRL) *crls;     /* NULL: revocation is not checked */
    struct policy policy;
    const char *server_name;      /* role server: a DNS name or an address */
};

struct outcome {
    enum report report;
    int position;                 /* of the wrong EKU, or -1 */
    int error;                    /* X509_V_ERR_…, from which OpenSSL makes the alert */
    const char *why;
};

/* NULL, or why it must not be configured. Call it once. */
const char *verifier_check(const struct verifier *v);

/* A chain as presented, leaf first. */
struct outcome verifier_verify(const struct verifier *v, STACK_OF(X509) *presented, time_t now);

/* What the policy amounts to at one instant. */
enum preset policy_at(const struct policy *policy, time_t now);

/* In slot.c: NULL, or why it must not be configured; and whether a chain may be published with its key. */
const char *slot_check(enum role role, const struct policy *policy);
struct outcome slot_fit(enum role role, const struct policy *policy, STACK_OF(X509) *chain, EVP_PKEY *key, time_t now);

/* In rules.c. A path is leaf first and ends with its root. */
int rule_is_well_formed(const char *text);
int rule_is_by_name(const char *text);
int rule_counts_over_public_roots(const char *text);
int rules_match(const struct rules *rules, STACK_OF(X509) *path);
int belongs_to_the_web(X509 *certificate);
int lists_purpose(X509 *certificate, int nid);

/* In revocation.c. */
int is_usable(X509_CRL *list);
int is_revoked(STACK_OF(X509_CRL) *lists, X509 *certificate, X509 *issuer, time_t now);

/* Judges the peers of a context: of a server's its clients, of a client's its servers. */
void verify_peers(SSL_CTX *context, struct verifier *v);

#endif
