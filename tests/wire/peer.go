// client|server PORT VERSION ROOT CHAIN KEY: says ping and prints what comes, or answers a line with pong.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"os"
)

func main() {
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	role, port, version := os.Args[1], os.Args[2], os.Args[3]
	pem, err := os.ReadFile(os.Args[4])
	must(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	own, err := tls.LoadX509KeyPair(os.Args[5], os.Args[6])
	must(err)
	config := &tls.Config{
		Certificates: []tls.Certificate{own}, RootCAs: roots, ClientCAs: roots,
		ClientAuth: tls.RequireAndVerifyClientCert, ServerName: "localhost",
		MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12,
	}
	if version == "1.3" {
		config.MinVersion, config.MaxVersion = tls.VersionTLS13, tls.VersionTLS13
	}
	if role == "client" {
		connection, err := tls.Dial("tcp", "127.0.0.1:"+port, config)
		must(err)
		fmt.Fprintln(connection, "ping")
		answer, err := bufio.NewReader(connection).ReadString('\n')
		must(err)
		fmt.Print(answer)
		return
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:"+port, config)
	must(err)
	for {
		connection, err := listener.Accept()
		must(err)
		go func() {
			defer connection.Close()
			if _, err := bufio.NewReader(connection).ReadString('\n'); err != nil {
				log.Print(err)
				return
			}
			fmt.Fprintln(connection, "pong")
		}()
	}
}
