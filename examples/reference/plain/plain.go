// Go as it comes, on the exported vectors in FOLDER: a line each, id, accepted with the purpose of the
// role, accepted with ExtKeyUsageAny.
package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

func read(folder, names string) (all []*x509.Certificate, err error) {
	for _, name := range strings.Split(names, ",") {
		text, _ := os.ReadFile(folder + "/" + name + ".pem")
		block, _ := pem.Decode(text)
		if block == nil {
			continue // no certificate
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		all = append(all, certificate)
	}
	return all, nil
}

func accepts(folder string, field []string, purpose x509.ExtKeyUsage) bool {
	chain, err := read(folder, field[3])
	trusted, err2 := read(folder, field[4])
	if err != nil || err2 != nil || len(chain) == 0 {
		return false
	}
	roots, others := x509.NewCertPool(), x509.NewCertPool()
	for _, root := range trusted {
		roots.AddCert(root)
	}
	for _, other := range chain[1:] {
		others.AddCert(other)
	}
	seconds, _ := strconv.ParseInt(field[2], 10, 64)
	options := x509.VerifyOptions{
		Roots: roots, Intermediates: others, CurrentTime: time.Unix(seconds, 0), KeyUsages: []x509.ExtKeyUsage{purpose},
	}
	if field[1] == "server" {
		options.DNSName = field[6]
	}
	_, err = chain[0].Verify(options)
	return err == nil
}

func main() {
	text, _ := os.ReadFile(os.Args[1] + "/vectors.tsv")
	for _, line := range strings.Split(string(bytes.TrimSpace(text)), "\n") {
		field := strings.Split(line, "\t")
		purpose := x509.ExtKeyUsageClientAuth
		if field[1] == "server" {
			purpose = x509.ExtKeyUsageServerAuth
		}
		fmt.Printf("%s\t%v\t%v\n", field[0], accepts(os.Args[1], field, purpose), accepts(os.Args[1], field, x509.ExtKeyUsageAny))
	}
}
