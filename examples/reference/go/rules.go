package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"net"
	"regexp"
	"strings"
)

// Rule names verified peers: `dns:NAME`, `uri:URI`, `spiffe-trust-domain:NAME`, `email:ADDRESS`,
// `ip:ADDRESS`, `spki-sha256:HEX`, `cert-sha256:HEX`; behind any of them ` under spki-sha256:HEX`.
type Rule struct{ Text, form, value, under string }

var (
	dnsName     = regexp.MustCompile(`^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$`)
	plainName   = regexp.MustCompile(`^(\*|[a-z0-9_-]+)(\.[a-z0-9_-]+)*$`)
	strictURI   = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:(//[a-z0-9._-]+(:[0-9]+)?(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*|[A-Za-z0-9._~!$&'()*+,;=:@-]+(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*)$`)
	strictID    = regexp.MustCompile(`^spiffe://[a-z0-9._-]+(/[A-Za-z0-9._-]+)*$`)
	dotSegment  = regexp.MustCompile(`/\.{1,2}(/|$)`)
	trustDomain = regexp.MustCompile(`^[a-z0-9._-]+$`)
	fingerprint = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// ParseRule refuses what could not match what it seems to say.
func ParseRule(text string) (Rule, error) {
	rule, under, isBound := strings.Cut(text, " under ")
	form, value, _ := strings.Cut(rule, ":")
	r := Rule{Text: text, form: form, value: value}
	if isBound {
		r.under = strings.ToLower(strings.TrimPrefix(under, "spki-sha256:"))
		if !strings.HasPrefix(under, "spki-sha256:") || !fingerprint.MatchString(r.under) {
			return r, fmt.Errorf("%s: needed behind `under` is spki-sha256:HEX", text)
		}
	}
	ok := false
	switch form {
	case "dns":
		r.value = strings.ToLower(value)
		ok = dnsName.MatchString(r.value)
	case "uri":
		ok = isStrict(value)
	case "spiffe-trust-domain":
		ok = trustDomain.MatchString(value)
	case "email":
		user, domain, isAddress := cutLast(value, "@")
		r.value = user + "@" + strings.ToLower(domain)
		ok = isAddress && user != "" && dnsName.MatchString(strings.ToLower(domain)) && !strings.Contains(domain, "*")
	case "ip":
		ok = net.ParseIP(value) != nil
		r.value = string(addressBytes(value))
	case "spki-sha256", "cert-sha256":
		r.value = strings.ToLower(strings.ReplaceAll(value, ":", ""))
		ok = fingerprint.MatchString(r.value)
	}
	if !ok {
		return r, fmt.Errorf("%s: not a rule", text)
	}
	return r, nil
}

func isStrict(uri string) bool {
	isID := strings.HasPrefix(uri, "spiffe:")
	return !dotSegment.MatchString(uri) && (!isID && strictURI.MatchString(uri) || strictID.MatchString(uri))
}

func (r Rule) isByName() bool { return !strings.HasSuffix(r.form, "-sha256") }

func (r Rule) validatedByPublicCAs() bool { return !r.isByName() || r.form == "dns" || r.form == "ip" }

// matchAny: whether any rule names the holder of the leaf, by this path; its last certificate is the root.
func matchAny(rules []Rule, chain []*x509.Certificate) bool {
	leaf, isPublic := chain[0], false
	for _, issuer := range chain[1:] {
		isPublic = isPublic || belongsToTheWeb(issuer)
	}
	isServer := false
	for _, purpose := range leaf.ExtKeyUsage {
		isServer = isServer || purpose == x509.ExtKeyUsageServerAuth
	}
	names, err := altNames(leaf)
	for _, rule := range rules {
		counts := !rule.isByName() || !isPublic || rule.validatedByPublicCAs() && isServer
		if counts && rule.isBelow(chain) && rule.matches(leaf, names, err) {
			return true
		}
	}
	return false
}

func (r Rule) isBelow(chain []*x509.Certificate) bool {
	above := chain[1:]
	if len(chain) == 1 { // its own root, which has signed it
		above = chain
	}
	for _, issuer := range above {
		if digest(issuer.RawSubjectPublicKeyInfo) == r.under {
			return true
		}
	}
	return r.under == ""
}

func (r Rule) matches(leaf *x509.Certificate, names []name, err error) bool {
	switch r.form {
	case "spki-sha256":
		return digest(leaf.RawSubjectPublicKeyInfo) == r.value
	case "cert-sha256":
		return digest(leaf.Raw) == r.value
	}
	uris, matched := 0, false
	for _, name := range names {
		switch {
		case name.tag == 2 && r.form == "dns":
			matched = matched || matchDNS(r.value, strings.ToLower(name.value))
		case name.tag == 6 && (r.form == "uri" || r.form == "spiffe-trust-domain"):
			id := "spiffe://" + r.value
			isInDomain := r.form != "uri" && isStrict(name.value) && strings.HasPrefix(name.value+"/", id+"/")
			matched = matched || r.form == "uri" && name.value == r.value || isInDomain
			uris++
		case name.tag == 1 && r.form == "email":
			user, domain, _ := cutLast(name.value, "@")
			matched = matched || user+"@"+strings.ToLower(domain) == r.value
		case name.tag == 7 && r.form == "ip":
			matched = matched || name.value == r.value
		}
	}
	return err == nil && matched && uris <= 1
}

func matchDNS(rule, name string) bool {
	_, host, _ := strings.Cut(name, ".")
	isBelow := strings.HasPrefix(rule, "*.") && host == rule[2:] && plainName.MatchString(name)
	return name == rule || isBelow
}

type name struct {
	tag   int
	value string
}

// altNames reads the raw extension: Certificate.URIs are written anew by net/url, and so not what was signed.
func altNames(leaf *x509.Certificate) ([]name, error) {
	var all []asn1.RawValue
	value := extension(leaf, 2, 5, 29, 17)
	if value == nil {
		return nil, nil
	}
	rest, err := asn1.Unmarshal(value, &all)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("bytes behind the names")
	}
	var names []name
	for _, one := range all {
		if one.Tag == 7 && len(one.Bytes) != 4 && len(one.Bytes) != 16 {
			err = fmt.Errorf("an address of %d bytes", len(one.Bytes))
		}
		names = append(names, name{one.Tag, string(one.Bytes)})
	}
	return names, err
}

// addressBytes keeps the family: net.ParseIP writes IPv4 as IPv4-mapped IPv6.
func addressBytes(text string) []byte {
	if ip := net.ParseIP(text); ip != nil && !strings.Contains(text, ":") {
		return ip.To4()
	} else {
		return ip.To16()
	}
}

func cutLast(text, by string) (string, string, bool) {
	i := strings.LastIndex(text, by)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(by):], true
}

func digest(bytes []byte) string {
	sum := sha256.Sum256(bytes)
	return hex.EncodeToString(sum[:])
}
