/* OpenSSL asks one list of several: that of the certificate's own distribution point, or the best by its own
 * score, of two that are equally new the first. So each list that names a certificate is asked here, before. */
#include "roles.h"

/* Neither of version 1 nor a delta list, which OpenSSL takes for a complete one. */
int is_usable(X509_CRL *list)
{
    return X509_CRL_get_version(list) >= X509_CRL_VERSION_2 && X509_CRL_get_ext_by_NID(list, NID_delta_crl, -1) < 0;
}

static int is_of(X509_CRL *list, X509 *issuer, time_t now)
{
    return is_usable(list) && X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(issuer)) == 0
        && X509_CRL_verify(list, X509_get0_pubkey(issuer)) == 1
        && X509_cmp_time(X509_CRL_get0_lastUpdate(list), &now) <= 0; /* a list of the future is none */
}

static int has_scope_of(X509_CRL *a, X509_CRL *b)
{
    X509_EXTENSION *scope[2];
    X509_CRL *list[2] = { a, b };
    for (int i = 0; i < 2; i++)
        scope[i] = X509_CRL_get_ext(list[i], X509_CRL_get_ext_by_NID(list[i], NID_issuing_distribution_point, -1));
    if (scope[0] == NULL || scope[1] == NULL)
        return scope[0] == scope[1];
    return ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data(scope[0]), X509_EXTENSION_get_data(scope[1])) == 0;
}

/* By thisUpdate, then by number. */
static int is_newer(X509_CRL *a, X509_CRL *b)
{
    int age = ASN1_TIME_compare(X509_CRL_get0_lastUpdate(a), X509_CRL_get0_lastUpdate(b));
    ASN1_INTEGER *ours = X509_CRL_get_ext_d2i(a, NID_crl_number, NULL, NULL);
    ASN1_INTEGER *theirs = X509_CRL_get_ext_d2i(b, NID_crl_number, NULL, NULL);
    if (age == 0 && ours != NULL)
        age = theirs == NULL ? 1 : ASN1_INTEGER_cmp(ours, theirs);
    ASN1_INTEGER_free(ours);
    ASN1_INTEGER_free(theirs);
    return age > 0;
}

static int names(X509_CRL *list, X509 *certificate)
{
    X509_REVOKED *entry;
    return X509_CRL_get0_by_cert(list, &entry, certificate) == 1;
}

/* Whatever its scope, since issuer and serial are the certificate; unless a newer one in its place does not. */
int is_revoked(STACK_OF(X509_CRL) *lists, X509 *certificate, X509 *issuer, time_t now)
{
    for (int i = 0; i < sk_X509_CRL_num(lists); i++) {
        X509_CRL *list = sk_X509_CRL_value(lists, i);
        int lifted = 0;
        if (!names(list, certificate) || !is_of(list, issuer, now))
            continue;
        for (int j = 0; j < sk_X509_CRL_num(lists); j++) {
            X509_CRL *other = sk_X509_CRL_value(lists, j);
            lifted |= has_scope_of(other, list) && !names(other, certificate) && is_newer(other, list)
                && is_of(other, issuer, now);
        }
        if (!lifted)
            return 1;
    }
    return 0;
}
