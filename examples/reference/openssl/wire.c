/* A TLS server and its client with separate slots: `serve FOLDER` prints its address, `call FOLDER PORT`
 * what the server says. The files are those of the example `embed`. */
#include "roles.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *in(const char *folder, const char *name)
{
    static char path[4][1024];
    static int next;
    char *to = path[next++ % 4];
    snprintf(to, sizeof path[0], "%s/%s", folder, name);
    return to;
}

static STACK_OF(X509) *roots(const char *file)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    FILE *pem = fopen(file, "r");
    for (X509 *root; pem != NULL && (root = PEM_read_X509(pem, NULL, NULL, NULL)) != NULL;)
        sk_X509_push(all, root);
    if (pem != NULL)
        fclose(pem);
    ERR_clear_error(); /* the end of the file */
    return all;
}

/* A context with one slot: what is presented in this role, and nothing else. What is unfit is refused. */
static SSL_CTX *context(const SSL_METHOD *method, const char *chain, const char *key, struct policy slot, struct verifier *v)
{
    SSL_CTX *it = SSL_CTX_new(method);
    const char *wrong = verifier_check(v);
    FILE *file = fopen(key, "r");
    EVP_PKEY *loaded = file != NULL ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
    if (wrong == NULL) /* we play the other role than our peers */
        wrong = slot_fit(v->role == CLIENT ? SERVER : CLIENT, &slot, roots(chain), loaded, time(NULL)).why;
    if (file != NULL)
        fclose(file);
    if (wrong != NULL || SSL_CTX_use_certificate_chain_file(it, chain) != 1
        || SSL_CTX_use_PrivateKey_file(it, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(it) != 1) {
        fprintf(stderr, "%s\n", wrong ? wrong : "certificate and key do not belong together");
        ERR_print_errors_fp(stderr);
        exit(2);
    }
    verify_peers(it, v);
    return it;
}

/* Tells the peer, and reads what it still sends: or the RST eats the alert. */
static void close_politely(SSL *tls, int tcp)
{
    char rest[4096];
    struct timeval second = { 1, 0 };
    setsockopt(tcp, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    SSL_shutdown(tls);
    shutdown(tcp, SHUT_WR);
    for (int i = 0; i < 1024 && read(tcp, rest, sizeof rest) > 0; i++) { }
    SSL_free(tls);
    close(tcp);
}

static void serve(const char *folder)
{
    struct verifier clients = {
        .role = CLIENT,
        .roots = roots(in(folder, "client-roots.pem")),
        .policy = { .eku = IGNORE, .until = 1805068800 /* 2027-03-15 */, .relax_for = { { "dns:edge.example.com" }, 1 } },
    };
    SSL_CTX *tls = context(TLS_server_method(), in(folder, "server.pem"), in(folder, "server.key"),
        (struct policy){ .eku = RFC5280 }, &clients);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 16) != 0)
        exit(2);
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int tcp = accept(listener, NULL, NULL);
        if (tcp < 0) {
            usleep(5000); /* out of descriptors: come back */
            continue;
        }
        struct timeval handshake = { 10, 0 }; /* the library bounds no handshake */
        setsockopt(tcp, SOL_SOCKET, SO_RCVTIMEO, &handshake, sizeof handshake);
        SSL *peer = SSL_new(tls);
        SSL_set_fd(peer, tcp);
        if (SSL_accept(peer) == 1) {
            char name[256] = "", said[300];
            X509_NAME_oneline(X509_get_subject_name(SSL_get0_peer_certificate(peer)), name, sizeof name);
            SSL_write(peer, said, snprintf(said, sizeof said, "you are %s\n", name));
        }
        close_politely(peer, tcp);
    }
}

static int call(const char *folder, const char *port) /* of this machine */
{
    struct verifier servers = {
        .role = SERVER,
        .roots = roots(in(folder, "server-roots.pem")),
        .server_name = "core.example.com",
    };
    SSL_CTX *tls = context(TLS_client_method(), in(folder, "client.pem"), in(folder, "client.key"),
        (struct policy){ .eku = IGNORE } /* serverAuth only, if need be */, &servers);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(atoi(port)),
    };
    int tcp = socket(AF_INET, SOCK_STREAM, 0), length = 0;
    char said[4096];
    SSL *peer = SSL_new(tls);
    SSL_set_fd(peer, tcp);
    SSL_set_tlsext_host_name(peer, servers.server_name);
    if (connect(tcp, (struct sockaddr *)&address, sizeof address) == 0 && SSL_connect(peer) == 1)
        while ((length = SSL_read(peer, said, sizeof said)) > 0) /* a refusal comes here */
            fwrite(said, 1, length, stdout);
    int error = SSL_get_error(peer, length);
    if (error != SSL_ERROR_ZERO_RETURN)
        ERR_print_errors_fp(stdout);
    close_politely(peer, tcp);
    return error == SSL_ERROR_ZERO_RETURN ? 0 : 1;
}

int main(int count, char **arguments)
{
    if (count == 3 && strcmp(arguments[1], "serve") == 0)
        serve(arguments[2]);
    const char *port = count == 4 && strcmp(arguments[1], "call") == 0 ? strrchr(arguments[3], ':') : NULL;
    if (port != NULL)
        return call(arguments[2], port + 1);
    fputs("serve FOLDER | call FOLDER 127.0.0.1:PORT\n", stderr);
    return 2;
}
