/* Answers the vectors in FOLDER, as `cargo run --example vectors -- export FOLDER` writes them. */
#include "roles.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_file(const char *folder, const char *name, const char *extension)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, extension);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    return file;
}

static STACK_OF(X509) *certificates(const char *folder, char *names)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    for (char *name = strtok(names, ","); name != NULL && strcmp(name, "-") != 0; name = strtok(NULL, ",")) {
        FILE *file = open_file(folder, name, ".pem");
        sk_X509_push(all, PEM_read_X509(file, NULL, NULL, NULL));
        fclose(file);
    }
    return all;
}

static STACK_OF(X509_CRL) *crls(const char *folder, char *names)
{
    if (strcmp(names, "-") == 0)
        return NULL;
    STACK_OF(X509_CRL) *all = sk_X509_CRL_new_null();
    for (char *name = strtok(names, ","); name != NULL; name = strtok(NULL, ",")) {
        FILE *file = open_file(folder, name, ".crl");
        sk_X509_CRL_push(all, PEM_read_X509_CRL(file, NULL, NULL, NULL));
        fclose(file);
    }
    return all;
}

static void rules(struct rules *into, char *text)
{
    for (char *rule = strtok(text, ";"); rule != NULL && strcmp(rule, "-") != 0; rule = strtok(NULL, ";"))
        into->text[into->count++] = rule;
}

static enum preset preset(const char *name)
{
    return strcmp(name, "strict") == 0 ? STRICT : strcmp(name, "ignore") == 0 ? IGNORE
        : strcmp(name, "accept-server-auth") == 0 ? ACCEPT_SERVER_AUTH : RFC5280;
}

static struct outcome fit(const char *folder, const char *name, const struct verifier *v, STACK_OF(X509) *chain, time_t now)
{
    FILE *file = open_file(folder, name, ".key");
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    struct outcome it = slot_fit(v->role, &v->policy, chain, key, now);
    EVP_PKEY_free(key);
    fclose(file);
    return it;
}

static void answer(const char *folder, char *line)
{
    static const char *const reports[] = { "enforced", "relaxed", "refused-eku", "refused-other" };
    char *field[15];
    line[strcspn(line, "\n")] = '\0';
    for (int i = 0; i < 15; i++)
        field[i] = strsep(&line, "\t");
    struct verifier v = {
        .role = strcmp(field[1], "server") == 0 ? SERVER : CLIENT,
        .server_name = field[6],
        .policy = {
            .eku = preset(field[7]),
            .until = strcmp(field[8], "-") == 0 ? 0 : atol(field[8]),
            .any_private = strcmp(field[9], "-") != 0,
            .allow_anybody = strcmp(field[10], "-") != 0,
        },
    };
    rules(&v.policy.relax_for, field[11]);
    rules(&v.policy.allow, field[12]);
    rules(&v.policy.expect, field[13]);
    STACK_OF(X509) *chain = certificates(folder, field[3]);
    v.roots = certificates(folder, field[4]);
    v.crls = crls(folder, field[5]);
    int is_slot = strcmp(field[14], "-") != 0;
    if (is_slot ? slot_check(v.role, &v.policy) != NULL : verifier_check(&v) != NULL) {
        printf("%s\tconfig-error\t-\t-\n", field[0]);
    } else {
        struct outcome it = is_slot ? fit(folder, field[14], &v, chain, atol(field[2]))
            : verifier_verify(&v, chain, atol(field[2]));
        printf("%s\t%s\t%s\t", field[0], it.report <= RELAXED ? "accept" : "refuse", reports[it.report]);
        it.position < 0 ? printf("-\n") : printf("%d\n", it.position);
    }
    sk_X509_pop_free(chain, X509_free);
    sk_X509_pop_free(v.roots, X509_free);
    sk_X509_CRL_pop_free(v.crls, X509_CRL_free);
}

int main(int count, char **arguments)
{
    char *line = NULL;
    size_t size = 0;
    if (count != 2)
        return 2;
    FILE *file = open_file(arguments[1], "vectors", ".tsv");
    while (getline(&line, &size, file) > 0)
        answer(arguments[1], line);
    free(line);
    fclose(file);
    return 0;
}
