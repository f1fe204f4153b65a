# https://docs.python.org/3/library/http.html#http.HTTPMethod (Lib/http/__init__.py, from 3.11 on). The members of HTTPStatus are
# others in each version of Python, so it is not here.
from enum import StrEnum


class HTTPMethod(StrEnum):
    CONNECT = "CONNECT"
    DELETE = "DELETE"
    GET = "GET"
    HEAD = "HEAD"
    OPTIONS = "OPTIONS"
    PATCH = "PATCH"
    POST = "POST"
    PUT = "PUT"
    TRACE = "TRACE"
