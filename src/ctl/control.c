#include "ctl/control.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "ctl/json.h"
#include "ctl/verb.h"

#define CONTROL_ANSWER (16u * 1024 * 1024) /* bytes; a larger one is not ours */

static size_t
control_take(char *p, size_t size, size_t n, void *arg)
{
	struct buf *out = arg;

	if (out->n + size * n > CONTROL_ANSWER)
		return 0;
	buf_add(out, p, size * n);
	return size * n;
}

static int
control_refused(CURL *curl, const char *socket, struct err *e)
{
	long sys = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &sys);
	if (sys == EACCES || sys == EPERM) {
		(void)err_set(e, "no permission to use the control socket %s", socket);
		return CTL_PERMISSION;
	}
	(void)err_set(e, "shelfd is not running: nobody listens at the control socket %s", socket);
	return CTL_NO_DAEMON;
}

static int
control_failed(CURL *curl, CURLcode code, const char *socket, usec_t timeout, struct err *e)
{
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return control_refused(curl, socket, e);
	case CURLE_OPERATION_TIMEDOUT:
		(void)err_set(e, "shelfd at %s gave no answer within %.3g s", socket, (double)timeout / 1e6);
		return CTL_TIMEOUT;
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		(void)err_set(e, "shelfd at %s ended before it answered", socket);
		return CTL_NO_DAEMON;
	default:
		(void)err_set(e, "control socket %s: %s", socket, curl_easy_strerror(code));
		return CTL_FAILURE;
	}
}

static CURLcode
control_setup(CURL *curl, const char *socket, const char *url, const char *body, usec_t timeout, struct buf *out)
{
	CURLcode rc = curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);

	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_URL, url);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_PROXY, "");
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(timeout / USEC_PER_MS));
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, control_take);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
	if (rc == CURLE_OK && body != NULL)
		rc = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	return rc;
}

int
control_request(const char *socket, const char *path, const char *body, usec_t timeout, long *ret_status,
    struct buf *out, struct err *e)
{
	struct curl_slist *headers = NULL;
	struct buf url = {0};
	CURL *curl = curl_easy_init();
	CURLcode code = CURLE_FAILED_INIT;
	int rc = CTL_OK;

	buf_addf(&url, "http://shelfd%s", path);
	/* Without "Expect", which would cost a round trip for a long list of paths. */
	headers = curl_slist_append(headers, "Content-Type: application/json");
	if (headers != NULL)
		(void)curl_slist_append(headers, "Expect:");
	if (curl != NULL)
		code = control_setup(curl, socket, url.p, body, timeout > USEC_PER_MS ? timeout : USEC_PER_MS, out);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (code == CURLE_OK)
		code = curl_easy_perform(curl);
	if (code == CURLE_OK)
		(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
	else
		rc = control_failed(curl, code, socket, timeout, e);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	buf_free(&url);
	return rc;
}

int
control_status(const char *socket, usec_t timeout, struct document **ret_doc, const struct value **ret, struct err *e)
{
	struct buf answer = {0};
	const struct value *v = NULL;
	long code = 0;
	int rc = control_request(socket, "/api/v1/sync/status", NULL, timeout, &code, &answer, e);

	if (rc == CTL_OK && code == 200)
		v = ctl_json_parse(buf_str(&answer), answer.n, ret_doc);
	if (v != NULL) {
		*ret = v;
	} else if (rc == CTL_OK) {
		(void)err_set(e, "the control socket %s gave no status (HTTP %ld)", socket, code);
		rc = CTL_FAILURE;
	}
	buf_free(&answer);
	return rc;
}
