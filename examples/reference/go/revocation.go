package main

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"
)

// checkRevocation asks every list of the issuer, in whatever order they stand: crypto/x509 asks none.
// Only lists that the issuer's key has signed count, and none before its thisUpdate.
func checkRevocation(certificate, issuer *x509.Certificate, lists []*x509.RevocationList, now time.Time) error {
	scopes := map[string][]*x509.RevocationList{}
	for _, list := range lists {
		if extensionOf(list, 27) != nil { // a delta list (RFC 5280, 5.2.4)
			continue
		}
		isOfKey := issuer.CheckSignature(list.SignatureAlgorithm, list.RawTBSRevocationList, list.Signature) == nil
		if bytes.Equal(list.RawIssuer, certificate.RawIssuer) && isOfKey && !list.ThisUpdate.After(now) {
			scopes[string(scope(list))] = append(scopes[string(scope(list))], list)
		}
	}
	isGood, isKnown := false, false
	for encoded, lists := range scopes {
		inScope := isInScope([]byte(encoded), certificate)
		for _, list := range lists {
			newest := true // of those that do not agree with it
			for _, other := range lists {
				newest = newest && !(isNewer(other, list) && names(other, certificate) != names(list, certificate))
			}
			switch maySign := issuer.KeyUsage == 0 || issuer.KeyUsage&x509.KeyUsageCRLSign != 0; {
			case names(list, certificate) && newest: // whatever its scope: issuer and serial are the certificate
				return errors.New("the certificate is revoked")
			case inScope:
				isKnown = true
				isGood = isGood || newest && maySign && now.Before(list.NextUpdate)
			}
		}
	}
	switch {
	case isGood:
		return nil
	case isKnown:
		return errors.New("the list that is about the certificate is expired, or no good word")
	}
	return errors.New("no list is about the certificate")
}

func names(list *x509.RevocationList, certificate *x509.Certificate) bool {
	for _, revoked := range list.RevokedCertificates {
		if revoked.SerialNumber.Cmp(certificate.SerialNumber) == 0 {
			return true
		}
	}
	return false
}

// isNewer: by thisUpdate, then by number.
func isNewer(a, b *x509.RevocationList) bool {
	number := func(list *x509.RevocationList) *big.Int {
		if list.Number == nil {
			return big.NewInt(-1)
		}
		return list.Number
	}
	return a.ThisUpdate.After(b.ThisUpdate) || a.ThisUpdate.Equal(b.ThisUpdate) && number(a).Cmp(number(b)) > 0
}

type distributionPoint struct {
	Names asn1.RawValue `asn1:"optional,tag:0"`
}

// The fields of an issuingDistributionPoint (RFC 5280, 5.2.5) that are read here.
type issuingPoint struct {
	Names     asn1.RawValue `asn1:"optional,tag:0"`
	OnlyUsers bool          `asn1:"optional,tag:1"`
	OnlyCAs   bool          `asn1:"optional,tag:2"`
}

func scope(list *x509.RevocationList) []byte { return extensionOf(list, 28) }

func extensionOf(list *x509.RevocationList, number int) []byte {
	for _, extension := range list.Extensions {
		if extension.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, number}) {
			return extension.Value
		}
	}
	return nil
}

// isInScope: whether a list with this issuingDistributionPoint can say that the certificate is good.
// What is not understood (reasons, indirect lists) cannot.
func isInScope(encoded []byte, certificate *x509.Certificate) bool {
	var point issuingPoint
	if len(encoded) == 0 {
		return true
	}
	if rest, err := asn1.Unmarshal(encoded, &point); err != nil || len(rest) > 0 {
		return false
	}
	if point.OnlyUsers && certificate.IsCA || point.OnlyCAs && !certificate.IsCA {
		return false
	}
	if len(point.Names.FullBytes) == 0 {
		return true
	}
	var points []distributionPoint
	asn1.Unmarshal(extension(certificate, 2, 5, 29, 31), &points)
	for _, one := range points {
		if bytes.Equal(one.Names.FullBytes, point.Names.FullBytes) {
			return true
		}
	}
	return false
}
