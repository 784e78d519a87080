"""A hundred visits with a certificate that is refused; prints what each of them learned.

python3 client.py PORT TLSv1.2|TLSv1.3 BYTES FOLDER
"""

import socket
import ssl
import sys


def main(port, version, size, folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = {
        "TLSv1.2": ssl.TLSVersion.TLSv1_2,
        "TLSv1.3": ssl.TLSVersion.TLSv1_3,
    }[version]
    context.load_cert_chain(folder + "/unfit.pem", folder + "/unfit.key")
    for _ in range(100):
        print(visit(context, int(port), bytes(int(size))))


def visit(context, port, message):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as tcp:
        try:
            with context.wrap_socket(tcp) as tls:
                tls.sendall(message)
                return "not refused: %r" % tls.recv(1)
        except OSError as error:
            return repr(error).lower()


main(*sys.argv[1:])
