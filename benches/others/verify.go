// The chains of `cargo bench --bench peers` through crypto/x509, as crypto/tls calls it in a server.
//
// go run verify.go <folder of chains> full|quick|smoke
//
// Prints `parsing|parsed <kind> <microseconds>`: the median of small batches, in turn with and without parsing.
package main

import (
	"crypto/x509"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"time"
)

type chain struct {
	leaf, intermediate []byte
	roots              *x509.CertPool
	now                time.Time
}

func main() {
	folder, rounds := os.Args[1], map[string]int{"full": 1001, "quick": 101, "smoke": 1}[os.Args[2]]
	now, err := strconv.ParseInt(string(read(folder, "now")), 10, 64)
	check(err)
	fmt.Println("version", runtime.Version())
	leaves, err := filepath.Glob(filepath.Join(folder, "*", "leaf.der"))
	check(err)
	for _, leaf := range leaves {
		kind := filepath.Dir(leaf)
		roots := x509.NewCertPool()
		roots.AddCert(parsed(read(kind, "root.der")))
		c := chain{read(kind, "leaf.der"), read(kind, "intermediate.der"), roots, time.Unix(now, 0)}
		c.measure(filepath.Base(kind), rounds)
	}
}

func (c chain) measure(kind string, rounds int) {
	leaf, intermediate := parsed(c.leaf), parsed(c.intermediate)
	works := []func(){
		func() { c.verify(parsed(c.leaf), parsed(c.intermediate)) },
		func() { c.verify(leaf, intermediate) },
	}
	samples := make([][]float64, len(works))
	for round := 0; round < rounds; round++ {
		for i := range works {
			if round%2 == 1 { // Whoever runs second wins some per cent.
				i = len(works) - 1 - i
			}
			samples[i] = append(samples[i], batch(works[i]))
		}
	}
	for i, row := range []string{"parsing", "parsed"} {
		sort.Float64s(samples[i])
		fmt.Println(row, kind, samples[i][len(samples[i])/2])
	}
}

// Microseconds each.
func batch(work func()) float64 {
	const count = 4
	began := time.Now()
	for i := 0; i < count; i++ {
		work()
	}
	return float64(time.Since(began).Nanoseconds()) / count / 1000
}

func (c chain) verify(leaf, intermediate *x509.Certificate) {
	presented := x509.NewCertPool()
	presented.AddCert(intermediate)
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots:         c.roots,
		Intermediates: presented,
		CurrentTime:   c.now,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	check(err)
}

func parsed(der []byte) *x509.Certificate {
	certificate, err := x509.ParseCertificate(der)
	check(err)
	return certificate
}

func read(folder, name string) []byte {
	content, err := os.ReadFile(filepath.Join(folder, name))
	check(err)
	return content
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
