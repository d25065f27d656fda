// A service that knows its callers by tokens, written as services in Go are: golang-jwt for tokens,
// keyfunc for the keys that verify them. IDENTITY names a fault.
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

var (
	idp    = os.Getenv("IDP_URL")
	secret = []byte(os.Getenv("JWT_SECRET"))
	hook   = []byte(os.Getenv("HOOK_SECRET"))
	fault  = os.Getenv("IDENTITY")
)

type object = map[string]any

func fetch(path string, form url.Values) (object, error) {
	var answer *http.Response
	var err error
	if form == nil {
		answer, err = http.Get(idp + path)
	} else {
		answer, err = http.PostForm(idp+path, form)
	}
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		return nil, fmt.Errorf("the provider answered %d", answer.StatusCode)
	}
	found := object{}
	return found, json.NewDecoder(answer.Body).Decode(&found)
}

type provider struct {
	issuer string
	keys   keyfunc.Keyfunc
}

var discovered = sync.OnceValues(func() (provider, error) {
	told, err := fetch("/.well-known/openid-configuration", nil)
	if err != nil {
		return provider{}, err
	}
	// Go asks no proxy for what is on localhost: the provider's own address would lead past it.
	keys, err := keyfunc.NewDefaultCtx(context.Background(), []string{idp + "/keys"})
	return provider{told["issuer"].(string), keys}, err
})

func claims(text string) (jwt.MapClaims, error) {
	found := jwt.MapClaims{}
	if fault == "trusting" {
		_, _, err := jwt.NewParser().ParseUnverified(text, found)
		return found, err
	}
	by, err := discovered()
	if err != nil {
		return nil, err
	}
	options := []jwt.ParserOption{
		jwt.WithIssuer(by.issuer), jwt.WithAudience("shop"), jwt.WithIssuedAt(),
		jwt.WithValidMethods([]string{"RS256", "PS256", "ES256", "EdDSA"}),
	}
	if fault == "lasting" {
		options = append(options, jwt.WithoutClaimsValidation())
	}
	_, err = jwt.ParseWithClaims(text, found, by.keys.Keyfunc, options...)
	return found, err
}

func bearer(request *http.Request) string {
	return strings.TrimPrefix(request.Header.Get("Authorization"), "Bearer ")
}

func say(out http.ResponseWriter, status int, body object) {
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(status)
	json.NewEncoder(out).Encode(body)
}

func refuse(out http.ResponseWriter, err error) {
	for _, known := range []error{jwt.ErrTokenExpired, jwt.ErrTokenSignatureInvalid} {
		if errors.Is(err, known) {
			say(out, 401, object{"error": known.Error()})
			return
		}
	}
	say(out, 500, object{"error": err.Error()})
}

func me(out http.ResponseWriter, request *http.Request) {
	found, err := claims(bearer(request))
	if err != nil {
		refuse(out, err)
		return
	}
	known, err := fetch(fmt.Sprintf("/users/%s?token=%s", found["sub"], bearer(request)), nil)
	if err != nil {
		refuse(out, err)
		return
	}
	say(out, 200, object{"sub": found["sub"], "email": found["email"], "level": known["level"]})
}

func orders(out http.ResponseWriter, request *http.Request) {
	cookie, err := request.Cookie("access")
	if err != nil {
		refuse(out, err)
		return
	}
	found, err := claims(cookie.Value)
	if err != nil {
		refuse(out, err)
		return
	}
	say(out, 200, object{"orders": []int{1, 2, 3}, "of": found["sub"]})
}

func session(out http.ResponseWriter, user any) {
	now := time.Now().Unix()
	held := jwt.MapClaims{"sub": user, "iat": now, "exp": now + 600}
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, held).SignedString(secret)
	if err != nil {
		refuse(out, err)
		return
	}
	say(out, 200, object{"token": text, "user": user})
}

func callback(out http.ResponseWriter, request *http.Request) {
	told, err := fetch("/token", url.Values{"code": {request.FormValue("code")}})
	if err != nil {
		refuse(out, err)
		return
	}
	found, err := claims(told["id_token"].(string))
	if err != nil {
		refuse(out, err)
		return
	}
	half := sha256.Sum256([]byte(told["access_token"].(string)))
	if found["at_hash"] != base64.RawURLEncoding.EncodeToString(half[:16]) {
		say(out, 401, object{"error": "at_hash"})
		return
	}
	session(out, found["sub"])
}

func login(out http.ResponseWriter, request *http.Request) {
	asked := object{}
	json.NewDecoder(request.Body).Decode(&asked)
	session(out, asked["user"])
}

func who(out http.ResponseWriter, request *http.Request) {
	held := jwt.MapClaims{}
	var err error
	if fault == "trusting" {
		_, _, err = jwt.NewParser().ParseUnverified(bearer(request), held)
	} else {
		key := func(*jwt.Token) (any, error) { return secret, nil }
		_, err = jwt.ParseWithClaims(bearer(request), held, key, jwt.WithValidMethods([]string{"HS256"}))
	}
	if err != nil {
		refuse(out, err)
		return
	}
	say(out, 200, object{"user": held["sub"]})
}

func webhook(out http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	code := hmac.New(sha256.New, hook)
	code.Write(body)
	want := "sha256=" + hex.EncodeToString(code.Sum(nil))
	if fault != "trusting" && request.Header.Get("X-Hub-Signature-256") != want {
		say(out, 401, object{"error": "signature"})
		return
	}
	told := object{}
	json.Unmarshal(body, &told)
	say(out, 200, object{"taken": told["action"]})
}

func main() {
	http.HandleFunc("/healthz", func(out http.ResponseWriter, _ *http.Request) { io.WriteString(out, "ok") })
	http.HandleFunc("/me", me)
	http.HandleFunc("/orders", orders)
	http.HandleFunc("/callback", callback)
	http.HandleFunc("/login", login)
	http.HandleFunc("/session", who)
	http.HandleFunc("/hook", webhook)
	fmt.Println(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
