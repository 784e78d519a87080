package main

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"
)

// slotOf refuses what is unfit for its role; a renewal would keep what the slot had.
func slotOf(folder, name string, purpose x509.ExtKeyUsage, policy Policy) func() *tls.Certificate {
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, name+".pem"), filepath.Join(folder, name+".key"))
	must(err)
	_, err = policy.Fit(rootsOf(folder, name+".pem"), pair.PrivateKey.(crypto.Signer), purpose, time.Now())
	must(err)
	return func() *tls.Certificate { return &pair }
}

func rootsOf(folder, name string) (all []*x509.Certificate) {
	text, err := os.ReadFile(filepath.Join(folder, name))
	must(err)
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		root, err := x509.ParseCertificate(block.Bytes)
		must(err)
		all = append(all, root)
	}
	return all
}

func tell(outcome Outcome, err error) {
	fmt.Fprintln(os.Stderr, "go:", outcome.Report, outcome.Position, err)
}

// serve presents server.pem and relaxes for edge.example.com, as the example `embed` does.
func serve(folder string) {
	edge, err := ParseRule("dns:edge.example.com")
	must(err)
	clients := &Verifier{
		Purpose: x509.ExtKeyUsageClientAuth, Roots: rootsOf(folder, "client-roots.pem"),
		Policy: Policy{EKU: "ignore", Until: time.Date(2027, 3, 15, 0, 0, 0, 0, time.UTC), RelaxFor: []Rule{edge}},
	}
	must(clients.Check())
	listener, err := tls.Listen("tcp", "127.0.0.1:0", ServerConfig(slotOf(folder, "server", x509.ExtKeyUsageServerAuth, Policy{EKU: "rfc5280"}), clients, tell))
	must(err)
	fmt.Println(listener.Addr())
	for {
		connection, err := listener.Accept()
		must(err)
		go func() {
			defer connection.Close()
			peer := connection.(*tls.Conn)
			peer.SetDeadline(time.Now().Add(10 * time.Second)) // the library bounds no handshake
			if peer.Handshake() == nil {
				fmt.Fprintf(peer, "you are %v\n", peer.ConnectionState().PeerCertificates[0].DNSNames)
				peer.CloseWrite()
			}
			// Below TLS, which reads nothing more after an error: what is left unread makes a RST, and that eats the alert.
			tcp := peer.NetConn().(*net.TCPConn)
			tcp.CloseWrite()
			tcp.SetDeadline(time.Now().Add(time.Second))
			io.Copy(io.Discard, io.LimitReader(tcp, 4<<20))
		}()
	}
}

// call presents client.pem, serverAuth-only if need be, and prints what the server says; a refusal comes at the first read.
func call(folder, address string) {
	servers := &Verifier{Purpose: x509.ExtKeyUsageServerAuth, Roots: rootsOf(folder, "server-roots.pem"), Policy: Policy{EKU: "rfc5280"}}
	must(servers.Check())
	connection, err := tls.Dial("tcp", address, ClientConfig(slotOf(folder, "client", x509.ExtKeyUsageClientAuth, Policy{EKU: "ignore"}), servers, "core.example.com", tell))
	if err == nil {
		var greeting []byte
		greeting, err = io.ReadAll(connection)
		fmt.Println(string(greeting))
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
