package main

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"time"
)

// Fit says whether a chain of ours, leaf first, may be published with this key in the slot of a role: by the
// table by which peers are judged. What stands behind the leaf is for the peers to choose from, so one way
// through it has to be fit. Ask before a renewal replaces what works. The role's policy has no rules here.
func (p Policy) Fit(chain []*x509.Certificate, key crypto.Signer, purpose x509.ExtKeyUsage, now time.Time) (Outcome, error) {
	if purpose == x509.ExtKeyUsageServerAuth && p.EKU == "accept-server-auth" {
		return Outcome{}, errors.New("accept-server-auth is for clients")
	}
	refused := Outcome{"refused-other", -1}
	public, comparable := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !comparable || !public.Equal(chain[0].PublicKey) {
		return refused, errors.New("the key is another certificate's")
	}
	if chain[0].IsCA {
		return refused, errors.New("a CA as leaf")
	}
	preset, err := p.at(now), error(nil)
	var relaxed *Outcome
	for _, way := range ways(chain[:1], chain[1:]) {
		if other := checkWay(way, now); other != nil {
			err = other
			continue
		}
		wrong := firstWrong(way, purpose, preset == "strict")
		lets := preset == "ignore" || preset == "accept-server-auth" && firstWrong(way, x509.ExtKeyUsageServerAuth, false) < 0
		switch {
		case wrong < 0:
			return Outcome{"enforced", -1}, nil
		case lets:
			relaxed = &Outcome{"relaxed", wrong}
		default:
			refused, err = Outcome{"refused-eku", -1}, errors.New("its EKU is wrong for this slot")
		}
	}
	if relaxed != nil {
		return *relaxed, nil
	}
	return refused, err
}

// ways are those through the presented certificates that none of them extends. A self-signed end is an
// anchor, which is not asked.
func ways(way, others []*x509.Certificate) (all [][]*x509.Certificate) {
	last := way[len(way)-1]
	if len(way) > 1 && bytes.Equal(last.RawIssuer, last.RawSubject) {
		return [][]*x509.Certificate{way[:len(way)-1]}
	}
next:
	for _, issuer := range others {
		for _, seen := range way {
			if seen.Equal(issuer) {
				continue next
			}
		}
		isSigned := issuer.CheckSignature(last.SignatureAlgorithm, last.RawTBSCertificate, last.Signature) == nil
		if isSigned && bytes.Equal(issuer.RawSubject, last.RawIssuer) {
			all = append(all, ways(append(way[:len(way):len(way)], issuer), others)...)
		}
	}
	if len(all) == 0 {
		all = [][]*x509.Certificate{way}
	}
	return all
}

func checkWay(way []*x509.Certificate, now time.Time) error {
	for _, certificate := range way {
		if now.Before(certificate.NotBefore) || now.After(certificate.NotAfter) {
			return errors.New("not valid now: " + certificate.Subject.String())
		}
		if string(extension(certificate, 2, 5, 29, 37)) == "\x30\x00" {
			return errors.New("an empty EKU")
		}
	}
	return nil
}
