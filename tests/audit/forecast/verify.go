// Verifies DIR/leaf.pem under DIR/root.pem by way of DIR/issuer.pem for every DIR that is named, as
// server and as client, and prints one line for each: DIR server|client yes|no.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

func read(parts ...string) *x509.Certificate {
	bytes, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		panic(err)
	}
	block, _ := pem.Decode(bytes)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return certificate
}

func main() {
	seconds, _ := strconv.ParseInt(os.Args[1], 10, 64)
	purposes := map[string]x509.ExtKeyUsage{"server": x509.ExtKeyUsageServerAuth, "client": x509.ExtKeyUsageClientAuth}
	for _, dir := range os.Args[2:] {
		leaf, issuer, root := read(dir, "leaf.pem"), read(dir, "issuer.pem"), read(dir, "root.pem")
		for _, role := range []string{"server", "client"} {
			verdict := "no"
			if leaf != nil && issuer != nil && root != nil {
				roots, issuers := x509.NewCertPool(), x509.NewCertPool()
				roots.AddCert(root)
				issuers.AddCert(issuer)
				_, err := leaf.Verify(x509.VerifyOptions{
					Roots: roots, Intermediates: issuers, CurrentTime: time.Unix(seconds, 0),
					KeyUsages: []x509.ExtKeyUsage{purposes[role]},
				})
				if err == nil {
					verdict = "yes"
				}
			}
			fmt.Println(dir, role, verdict)
		}
	}
}
