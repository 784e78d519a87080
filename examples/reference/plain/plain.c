/* OpenSSL as it comes, on the exported vectors in FOLDER: a line each, id, accepted with the purpose of the
 * role (sslclient, sslserver), accepted with the purpose any. */
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *in(const char *folder, const char *name, const char *extension)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, extension);
    return fopen(path, "r");
}

static STACK_OF(X509) *read_all(const char *folder, const char *names)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    char copy[4096], *rest = copy, *name;
    snprintf(copy, sizeof copy, "%s", names);
    while ((name = strsep(&rest, ",")) != NULL && strcmp(name, "-") != 0) {
        FILE *file = in(folder, name, ".pem");
        sk_X509_push(all, PEM_read_X509(file, NULL, NULL, NULL));
        fclose(file);
    }
    return all;
}

static int accepts(const char *folder, char **field, int any)
{
    int server = strcmp(field[1], "server") == 0, accepted = 0;
    STACK_OF(X509) *chain = read_all(folder, field[3]), *roots = read_all(folder, field[4]);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
    char copy[4096], *rest = copy, *name;

    X509_VERIFY_PARAM_set_time(param, atol(field[2]));
    X509_VERIFY_PARAM_set_purpose(param, any ? X509_PURPOSE_ANY : server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
    if (server && X509_VERIFY_PARAM_set1_ip_asc(param, field[6]) != 1)
        X509_VERIFY_PARAM_set1_host(param, field[6], 0);
    for (int i = 0; i < sk_X509_num(roots); i++)
        X509_STORE_add_cert(store, sk_X509_value(roots, i));
    snprintf(copy, sizeof copy, "%s", field[5]);
    while ((name = strsep(&rest, ",")) != NULL && strcmp(name, "-") != 0) {
        FILE *file = in(folder, name, ".crl");
        X509_CRL *list = PEM_read_X509_CRL(file, NULL, NULL, NULL);
        X509_STORE_add_crl(store, list);
        X509_CRL_free(list);
        fclose(file);
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    }
    if (sk_X509_num(chain) > 0) {
        X509_STORE_CTX_init(context, store, sk_X509_value(chain, 0), chain);
        accepted = X509_verify_cert(context) == 1;
    }
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    sk_X509_pop_free(chain, X509_free);
    sk_X509_pop_free(roots, X509_free);
    return accepted;
}

int main(int count, char **arguments)
{
    char *line = NULL, *field[14];
    size_t size = 0;
    FILE *file = count == 2 ? in(arguments[1], "vectors", ".tsv") : NULL;
    while (file != NULL && getline(&line, &size, file) > 0) {
        char *rest = line;
        line[strcspn(line, "\n")] = '\0';
        for (int i = 0; i < 14; i++)
            field[i] = strsep(&rest, "\t");
        const char *const words[] = { "false", "true" };
        printf("%s\t%s\t%s\n", field[0], words[accepts(arguments[1], field, 0)], words[accepts(arguments[1], field, 1)]);
        line = field[0];
    }
    return file == NULL;
}
