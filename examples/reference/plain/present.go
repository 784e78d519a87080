// Presents the chains of the exported vectors in FOLDER to servers: of each line of standard input, id,
// port and the names of the chain, it prints id and whether the server answered 200.
package main

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func block(file string) []byte {
	text, _ := os.ReadFile(file)
	block, _ := pem.Decode(text)
	return block.Bytes
}

// keyOf is the key of a leaf; of one that Go cannot read, the peer's.
func keyOf(folder string, der []byte) crypto.PrivateKey {
	leaf, err := x509.ParseCertificate(der)
	files, _ := filepath.Glob(folder + "/*.key")
	for _, file := range files {
		key, _ := x509.ParsePKCS8PrivateKey(block(file))
		isIts := err == nil && key.(*ecdsa.PrivateKey).PublicKey.Equal(leaf.PublicKey)
		if isIts || err != nil && filepath.Base(file) == "peer.key" {
			return key
		}
	}
	return nil
}

func accepts(folder, port, names string) bool {
	var pair tls.Certificate
	for _, name := range strings.Split(names, ",") {
		if name != "-" {
			pair.Certificate = append(pair.Certificate, block(folder+"/"+name+".pem"))
		}
	}
	if len(pair.Certificate) > 0 {
		if pair.PrivateKey = keyOf(folder, pair.Certificate[0]); pair.PrivateKey == nil {
			return false // nobody has it
		}
	}
	config := &tls.Config{
		InsecureSkipVerify:   true,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil },
	}
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	response, err := client.Get("https://127.0.0.1:" + port + "/")
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == 200
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		field := strings.Split(lines.Text(), "\t")
		fmt.Printf("%s\t%v\n", field[0], accepts(os.Args[1], field[1], field[2]))
	}
}
