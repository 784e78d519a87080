// Package main: separate TLS roles, and an EKU policy that relaxes nothing else, on crypto/tls.
// Copy roles.go, rules.go and revocation.go; vectors.go and wire.go only show that they keep the reference.
package main

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Policy says what is accepted, and for whom it is relaxed, until when.
type Policy struct {
	EKU          string // "rfc5280", "strict", "accept-server-auth" or "ignore"
	Until        time.Time
	RelaxFor     []Rule
	AnyPrivate   bool   // relaxed for any peer of these private roots
	Allow        []Rule // role client: who may connect
	AllowAnybody bool   // role client over public roots
	Expect       []Rule // role server: in place of the name
}

// Verifier decides about the chains of peers in one role. Roots and Lists are not shared between roles.
type Verifier struct {
	Purpose x509.ExtKeyUsage // ServerAuth: the peers are servers
	Roots   []*x509.Certificate
	Lists   []*x509.RevocationList // none: revocation is not checked
	Policy  Policy
}

// Outcome is what may be reported: "enforced", "relaxed", "refused-eku" or "refused-other".
// Position is that of the first certificate whose EKU is wrong, 0 the leaf, or -1.
type Outcome struct {
	Report   string
	Position int
}

// at is what the policy amounts to at one instant.
func (p Policy) at(now time.Time) string {
	isRelaxed := p.EKU == "ignore" || p.EKU == "accept-server-auth"
	if isRelaxed && !p.Until.IsZero() && !now.Before(p.Until) {
		return "rfc5280"
	}
	return p.EKU
}

// Check refuses what must not be configured; call it once.
func (v *Verifier) Check() error {
	p, rules := v.Policy, append(append([]Rule{}, v.Policy.Allow...), v.Policy.Expect...)
	relaxed := p.EKU == "ignore" || p.EKU == "accept-server-auth"
	isPublic, allPublic := false, len(v.Roots) > 0
	for _, root := range v.Roots {
		isPublic, allPublic = isPublic || belongsToTheWeb(root), allPublic && belongsToTheWeb(root)
	}
	switch {
	case len(v.Roots) == 0:
		return errors.New("no roots; the system's are never used in their place")
	case v.Purpose == x509.ExtKeyUsageServerAuth && p.EKU == "accept-server-auth":
		return errors.New("accept-server-auth is for clients")
	case relaxed && len(p.RelaxFor) == 0 && !p.AnyPrivate:
		return errors.New("relaxed for nobody: name the peers")
	case isPublic && relaxed && (p.AnyPrivate || v.Purpose == x509.ExtKeyUsageServerAuth):
		return errors.New("over public roots this is relaxed for anybody")
	case isPublic && v.Purpose == x509.ExtKeyUsageClientAuth && len(p.Allow) == 0 && !p.AllowAnybody:
		return errors.New("over public roots, say who may connect")
	}
	for _, rule := range append(rules, p.RelaxFor...) {
		if allPublic && !rule.validatedByPublicCAs() {
			return fmt.Errorf("%s: no public CA validates such names", rule.Text)
		}
	}
	for _, rule := range p.RelaxFor {
		if isPublic && p.EKU == "ignore" && rule.isByName() {
			return fmt.Errorf("%s: over public roots, ignore by fingerprint only", rule.Text)
		}
	}
	return nil
}

// Verify decides about a chain as it was presented, leaf first. serverName is empty for clients.
func (v *Verifier) Verify(presented []*x509.Certificate, serverName string, now time.Time) (Outcome, error) {
	if len(presented) == 0 {
		return Outcome{"refused-other", -1}, errors.New("no certificate was presented")
	}
	preset := v.Policy.at(now)
	refusal := Outcome{"refused-other", -1}
	var relaxed *Outcome
	chains, err := v.chains(presented, now)
	for _, chain := range chains {
		if other := v.otherObstacle(chain, serverName, now); other != nil {
			err = other
			continue
		}
		path := chain
		if len(chain) > 1 {
			path = chain[:len(chain)-1] // the root's own EKU is not looked at
		}
		wrong := firstWrong(path, v.Purpose, preset == "strict")
		if wrong < 0 {
			return Outcome{"enforced", -1}, nil
		}
		lets := preset == "ignore" || preset == "accept-server-auth" && firstWrong(path, x509.ExtKeyUsageServerAuth, false) < 0
		if lets && relaxed == nil && v.relaxesFor(chain) {
			relaxed = &Outcome{"relaxed", wrong}
		}
		if refusal.Position < 0 {
			refusal = Outcome{"refused-eku", wrong}
		}
	}
	if relaxed != nil { // and no path was in order: the EKU was the only obstacle
		return *relaxed, nil
	}
	if refusal.Position >= 0 {
		err = fmt.Errorf("the EKU of certificate %d is wrong for this role, and nothing else is", refusal.Position)
	}
	return refusal, err
}

// chains are the paths that crypto/x509 verifies, with everything but the EKU, which is ours.
// Beware: with ExtKeyUsageAny, Go 1.22 to 1.23.9 and 1.24 to 1.24.3 validate no policies (CVE-2025-22874).
func (v *Verifier) chains(presented []*x509.Certificate, now time.Time) ([][]*x509.Certificate, error) {
	roots, others := x509.NewCertPool(), x509.NewCertPool()
	for _, root := range v.Roots {
		roots.AddCert(root)
	}
	for _, other := range presented[1:] {
		others.AddCert(other)
	}
	return presented[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: others, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
}

// otherObstacle is what stands in the way beside the EKU: where crypto/x509 is too lenient, revocation,
// and whose the path is.
func (v *Verifier) otherObstacle(chain []*x509.Certificate, serverName string, now time.Time) error {
	leaf := chain[0]
	key, isRSA := leaf.PublicKey.(*rsa.PublicKey)
	switch {
	case leaf.IsCA:
		return errors.New("a CA as leaf")
	case leaf.KeyUsage&x509.KeyUsageCertSign != 0:
		return errors.New("a leaf with keyCertSign")
	case extension(leaf, 2, 5, 29, 30) != nil:
		return errors.New("a leaf with name constraints")
	case isRSA && key.N.BitLen() < 2048:
		return errors.New("a weak key")
	}
	for i, certificate := range chain {
		if purposes := extension(certificate, 2, 5, 29, 37); (i == 0 || i < len(chain)-1) && string(purposes) == "\x30\x00" {
			return errors.New("an empty EKU")
		}
		if i > 0 && string(certificate.RawSubject) == "\x30\x00" {
			return errors.New("an issuer without a name")
		}
		if i+1 < len(chain) && len(v.Lists) > 0 {
			if err := checkRevocation(certificate, chain[i+1], v.Lists, now); err != nil {
				return err
			}
		}
	}
	switch rules := v.Policy.Allow; {
	case serverName != "" && len(v.Policy.Expect) == 0:
		return leaf.VerifyHostname(serverName)
	case serverName != "":
		rules = v.Policy.Expect
		fallthrough
	default:
		if len(rules) > 0 && !matchAny(rules, chain) {
			return errors.New("no rule names this peer")
		}
	}
	return nil
}

func (v *Verifier) relaxesFor(chain []*x509.Certificate) bool {
	isPublic := extension(chain[0], 1, 3, 6, 1, 4, 1, 11129, 2, 4, 2) != nil // SCTs
	for _, certificate := range chain {
		isPublic = isPublic || belongsToTheWeb(certificate)
	}
	return matchAny(v.Policy.RelaxFor, chain) || v.Policy.AnyPrivate && !isPublic
}

// firstWrong is the first certificate that has an EKU without the purpose, or -1. Neither
// anyExtendedKeyUsage nor the purposes that Go takes for serverAuth match.
func firstWrong(path []*x509.Certificate, purpose x509.ExtKeyUsage, strict bool) int {
	for i, certificate := range path {
		lists := false
		for _, found := range certificate.ExtKeyUsage {
			lists = lists || found == purpose
		}
		has := extension(certificate, 2, 5, 29, 37) != nil
		if has && !lists || !has && strict && i == 0 {
			return i
		}
	}
	return -1
}

// belongsToTheWeb: a CA/Browser Forum policy. A product also asks a list of public roots, by key.
func belongsToTheWeb(certificate *x509.Certificate) bool {
	for _, policy := range certificate.PolicyIdentifiers {
		if strings.HasPrefix(policy.String()+".", "2.23.140.1.") {
			return true
		}
	}
	return false
}

func extension(certificate *x509.Certificate, oid ...int) []byte {
	for _, found := range certificate.Extensions {
		if found.Id.Equal(asn1.ObjectIdentifier(oid)) {
			return found.Value
		}
	}
	return nil
}

// ServerConfig presents the server slot and judges clients. No tickets: a resumed session would outlive
// the policy's end, a list and a swap. report runs before anything is known of the key's possession only
// in Go's own order: VerifyConnection comes after the handshake's signature was checked.
func ServerConfig(slot func() *tls.Certificate, clients *Verifier, report func(Outcome, error)) *tls.Config {
	hints := x509.NewCertPool()
	for _, root := range clients.Roots {
		hints.AddCert(root)
	}
	return &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return slot(), nil },
		ClientAuth:     tls.RequireAnyClientCert, ClientCAs: hints, // judged below, by us
		SessionTicketsDisabled: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			outcome, err := clients.Verify(state.PeerCertificates, "", time.Now())
			report(outcome, err)
			return err
		},
	}
}

// ClientConfig presents the client slot, whatever hints the server sends, and judges the server by name.
func ClientConfig(slot func() *tls.Certificate, servers *Verifier, serverName string, report func(Outcome, error)) *tls.Config {
	return &tls.Config{
		ServerName:           serverName,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return slot(), nil },
		InsecureSkipVerify:   true, // VerifyConnection does it all
		VerifyConnection: func(state tls.ConnectionState) error {
			outcome, err := servers.Verify(state.PeerCertificates, serverName, time.Now())
			report(outcome, err)
			return err
		},
	}
}
