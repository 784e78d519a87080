/* GnuTLS as it comes, on the exported vectors in FOLDER: a line each, id, accepted with the purpose of the
 * role, accepted without a purpose (as gnutls-serv does). */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static time_t now;

static time_t stands(time_t *at)
{
    if (at != NULL)
        *at = now;
    return now;
}

static gnutls_datum_t load(const char *folder, const char *name, const char *extension)
{
    char path[1024];
    gnutls_datum_t data = { NULL, 0 };
    snprintf(path, sizeof path, "%s/%s%s", folder, name, extension);
    gnutls_load_file(path, &data);
    return data;
}

static int accepts(const char *folder, char **field, int any)
{
    int server = strcmp(field[1], "server") == 0, count = 0, good = 1;
    unsigned int status = 1;
    char copy[4096], *rest, *name;
    gnutls_x509_crt_t chain[32], root;
    gnutls_x509_crl_t list;
    gnutls_x509_trust_list_t trust;
    gnutls_x509_trust_list_init(&trust, 0);
    now = atol(field[2]);

    snprintf(rest = copy, sizeof copy, "%s", field[4]);
    while ((name = strsep(&rest, ",")) != NULL) {
        gnutls_datum_t pem = load(folder, name, ".pem");
        gnutls_x509_crt_init(&root);
        good &= gnutls_x509_crt_import(root, &pem, GNUTLS_X509_FMT_PEM) == 0;
        gnutls_x509_trust_list_add_cas(trust, &root, 1, 0);
    }
    snprintf(rest = copy, sizeof copy, "%s", field[5]);
    while ((name = strsep(&rest, ",")) != NULL && strcmp(name, "-") != 0) {
        gnutls_datum_t pem = load(folder, name, ".crl");
        gnutls_x509_crl_init(&list);
        gnutls_x509_crl_import(list, &pem, GNUTLS_X509_FMT_PEM);
        gnutls_x509_trust_list_add_crls(trust, &list, 1, 0, 0); /* as gnutls_certificate_set_x509_crl_file does */
    }
    snprintf(rest = copy, sizeof copy, "%s", field[3]);
    while ((name = strsep(&rest, ",")) != NULL && strcmp(name, "-") != 0) {
        gnutls_datum_t pem = load(folder, name, ".pem");
        gnutls_x509_crt_init(&chain[count]);
        good &= gnutls_x509_crt_import(chain[count++], &pem, GNUTLS_X509_FMT_PEM) == 0;
    }
    gnutls_typed_vdata_st data[2] = {
        { GNUTLS_DT_KEY_PURPOSE_OID, (void *)(server ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT), 0 },
        { GNUTLS_DT_DNS_HOSTNAME, (void *)field[6], 0 },
    };
    if (count > 0 && good)
        gnutls_x509_trust_list_verify_crt2(trust, chain, count, data + any, (server ? 2 : 1) - any, 0, &status, NULL);
    return status == 0;
}

int main(int count, char **arguments)
{
    char *line = NULL, *field[14], path[1024];
    size_t size = 0;
    snprintf(path, sizeof path, "%s/vectors.tsv", count == 2 ? arguments[1] : ".");
    FILE *file = fopen(path, "r");
    gnutls_global_set_time_function(stands);
    while (file != NULL && getline(&line, &size, file) > 0) {
        char *rest = line;
        line[strcspn(line, "\n")] = '\0';
        for (int i = 0; i < 14; i++)
            field[i] = strsep(&rest, "\t");
        const char *const words[] = { "false", "true" };
        printf("%s\t%s\t%s\n", field[0], words[accepts(arguments[1], field, 0)], words[accepts(arguments[1], field, 1)]);
        fflush(stdout);
    }
    return file == NULL;
}
