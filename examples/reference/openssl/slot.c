/* May a chain of ours be published with this key in the slot of a role? By the table by which peers are judged.
 * What stands behind the leaf is for the peers to choose from, so one way through it has to be fit. Ask before
 * a renewal replaces what works. */
#include "roles.h"

#include <string.h>

#define DEEPEST 8

struct ask {
    STACK_OF(X509) *chain;
    X509 *way[DEEPEST];
    enum preset preset;
    int purpose;
    time_t now;
    struct outcome best;
};

static int first_wrong(struct ask *a, int depth, int purpose)
{
    for (int i = 0; i < depth; i++) {
        int has = X509_get_ext_by_NID(a->way[i], NID_ext_key_usage, -1) >= 0;
        if (has ? !lists_purpose(a->way[i], purpose) : a->preset == STRICT && i == 0)
            return i;
    }
    return -1;
}

static const char *check(struct ask *a, int depth)
{
    for (int i = 0; i < depth; i++) {
        int found = -1;
        EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(a->way[i], NID_ext_key_usage, &found, NULL);
        int purposes = sk_ASN1_OBJECT_num(eku);
        EXTENDED_KEY_USAGE_free(eku);
        if (found == -2 || (found >= 0 && purposes <= 0))
            return "a malformed EKU";
        /* Both ends are inclusive; X509_cmp_time never says equal. */
        if (ASN1_TIME_cmp_time_t(X509_get0_notBefore(a->way[i]), a->now) > 0
            || ASN1_TIME_cmp_time_t(X509_get0_notAfter(a->way[i]), a->now) < 0)
            return "not valid now";
    }
    return NULL;
}

static void judge(struct ask *a, int depth)
{
    const char *why = check(a, depth);
    int wrong = first_wrong(a, depth, a->purpose);
    int lets_pass = a->preset == IGNORE || (a->preset == ACCEPT_SERVER_AUTH && first_wrong(a, depth, NID_server_auth) < 0);
    struct outcome it = { REFUSED_OTHER, -1, X509_V_ERR_CERT_REJECTED, why };
    if (why == NULL)
        it = wrong < 0 ? (struct outcome){ ENFORCED, -1, X509_V_OK, NULL }
            : lets_pass ? (struct outcome){ RELAXED, wrong, X509_V_OK, NULL }
            : (struct outcome){ REFUSED_EKU, -1, X509_V_ERR_INVALID_PURPOSE, "its EKU is wrong for this slot" };
    if (it.report <= a->best.report)
        a->best = it;
}

/* The ways that no presented certificate extends; a self-signed end is an anchor, which is not asked. */
static void extend(struct ask *a, int depth)
{
    X509 *last = a->way[depth - 1];
    int extended = 0;
    if (depth > 1 && X509_self_signed(last, 0) == 1) {
        judge(a, depth - 1);
        return;
    }
    for (int i = 1; i < sk_X509_num(a->chain) && depth < DEEPEST; i++) {
        X509 *next = sk_X509_value(a->chain, i);
        int seen = 0;
        for (int j = 0; j < depth; j++)
            seen |= X509_cmp(a->way[j], next) == 0;
        if (seen || X509_NAME_cmp(X509_get_issuer_name(last), X509_get_subject_name(next)) != 0
            || X509_verify(last, X509_get0_pubkey(next)) != 1)
            continue;
        a->way[depth] = next;
        extend(a, depth + 1);
        extended = 1;
    }
    if (!extended)
        judge(a, depth);
}

const char *slot_check(enum role role, const struct policy *policy)
{
    return role == SERVER && policy->eku == ACCEPT_SERVER_AUTH ? "accept-server-auth is for clients" : NULL;
}

struct outcome slot_fit(enum role role, const struct policy *policy, STACK_OF(X509) *chain, EVP_PKEY *key, time_t now)
{
    X509 *leaf = sk_X509_value(chain, 0);
    struct ask a = { .chain = chain, .preset = policy_at(policy, now), .now = now };
    a.purpose = role == SERVER ? NID_server_auth : NID_client_auth;
    a.best = (struct outcome){ REFUSED_OTHER, -1, X509_V_ERR_CERT_REJECTED, NULL };
    if (leaf == NULL || key == NULL || X509_check_private_key(leaf, key) != 1)
        return (struct outcome){ REFUSED_OTHER, -1, X509_V_ERR_CERT_REJECTED, "the key is another certificate's" };
    if (X509_check_ca(leaf) != 0 || (X509_get_extension_flags(leaf) & EXFLAG_CA))
        return (struct outcome){ REFUSED_OTHER, -1, X509_V_ERR_INVALID_CA, "a CA as leaf" };
    a.way[0] = leaf;
    extend(&a, 1);
    return a.best;
}
