package main

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

type vector struct {
	ID, Role, Time     string
	Chain, Roots, Crls []string
	ServerName         string `json:"server_name"`
	SlotKey            string `json:"slot_key"`
	Policy             struct {
		EKU          string
		Until        *time.Time
		RelaxFor     []string `json:"relax_for"`
		AnyPrivate   bool     `json:"relax_for_any_private_peer"`
		Allow        []string
		AllowAnybody bool `json:"allow_anybody_public"`
		Expect       []string
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func readJSON(file string, into any) {
	text, err := os.ReadFile(file)
	must(err)
	must(json.Unmarshal(text, into))
}

func certificates(pems map[string]string, names []string) (all []*x509.Certificate, err error) {
	for _, name := range names {
		block, _ := pem.Decode([]byte(pems[name]))
		one, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func rules(texts []string) (all []Rule, err error) {
	for _, text := range texts {
		rule, err := ParseRule(text)
		if err != nil {
			return nil, err
		}
		all = append(all, rule)
	}
	return all, nil
}

// verifier of a vector; an error says that it must not be configured.
func (v vector) verifier(certs, crls map[string]string) (*Verifier, error) {
	it := &Verifier{Purpose: x509.ExtKeyUsageClientAuth}
	if v.Role == "server" {
		it.Purpose = x509.ExtKeyUsageServerAuth
	}
	var errs [4]error
	it.Roots, errs[0] = certificates(certs, v.Roots)
	it.Policy = Policy{EKU: v.Policy.EKU, AnyPrivate: v.Policy.AnyPrivate, AllowAnybody: v.Policy.AllowAnybody}
	it.Policy.RelaxFor, errs[1] = rules(v.Policy.RelaxFor)
	it.Policy.Allow, errs[2] = rules(v.Policy.Allow)
	it.Policy.Expect, errs[3] = rules(v.Policy.Expect)
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	if v.Policy.Until != nil {
		it.Policy.Until = *v.Policy.Until
	}
	for _, name := range v.Crls {
		block, _ := pem.Decode([]byte(crls[name]))
		// Of version 1, which Go does not read: set aside, if there are others.
		if list, err := x509.ParseRevocationList(block.Bytes); err == nil {
			it.Lists = append(it.Lists, list)
		}
	}
	if len(v.Crls) > 0 && len(it.Lists) == 0 {
		return nil, errors.New("no list can be used, and no list means no revocation")
	}
	return it, it.Check()
}

func (v vector) answer(certs, crls, keys map[string]string) string {
	now, err := time.Parse(time.RFC3339, v.Time)
	must(err)
	verifier, err := v.verifier(certs, crls)
	if v.SlotKey != "" {
		chain, err := certificates(certs, v.Chain)
		must(err)
		block, _ := pem.Decode([]byte(keys[v.SlotKey]))
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		must(err)
		return line(verifier.Policy.Fit(chain, key.(crypto.Signer), verifier.Purpose, now))
	}
	if err != nil {
		return line(Outcome{}, err)
	}
	// crypto/tls ends a handshake in which any certificate cannot be read.
	chain, err := certificates(certs, v.Chain)
	outcome := Outcome{"refused-other", -1}
	if err == nil {
		outcome, err = verifier.Verify(chain, v.ServerName, now)
	}
	return line(outcome, err)
}

// line is an answer; without anything to report, it must not be configured.
func line(outcome Outcome, err error) string {
	verdict, position := "accept", "-"
	if err != nil {
		verdict = "refuse"
	}
	if outcome.Position >= 0 {
		position = fmt.Sprint(outcome.Position)
	}
	if outcome.Report == "" {
		return "config-error\t-\t-"
	}
	return verdict + "\t" + outcome.Report + "\t" + position
}

// go run . vectors FOLDER | serve FOLDER | call FOLDER ADDRESS
func main() {
	folder := os.Args[2]
	switch os.Args[1] {
	case "serve":
		serve(folder)
		return
	case "call":
		call(folder, os.Args[3])
		return
	}
	var certs, crls, keys map[string]string
	readJSON(filepath.Join(folder, "certificates.json"), &certs)
	readJSON(filepath.Join(folder, "crls.json"), &crls)
	readJSON(filepath.Join(folder, "keys.json"), &keys)
	files, _ := filepath.Glob(filepath.Join(folder, "*.json"))
	for _, file := range files {
		switch filepath.Base(file) {
		case "certificates.json", "crls.json", "keys.json", "schema.json":
			continue
		}
		var all []vector
		readJSON(file, &all)
		for _, v := range all {
			fmt.Println(v.ID + "\t" + v.answer(certs, crls, keys))
		}
	}
}
