namespace Gateway.Api.Manage;

/// <summary>Problems as they are answered, for the descriptions in the OpenAPI document.</summary>
internal static class ProblemExamples
{
    public const string ScopeNotHeld = """
        A problem reads: {"type":"urn:email-gateway:problem:scope_not_held","status":403,"code":"scope_not_held",
        "title":"The request cannot be accepted","field":"scopes","value":"send","accepted":"scopes of the calling key: read, manage"}
        """;

    public const string NotOfAVerifiedDomain = """
        A problem reads: {"type":"urn:email-gateway:problem:domain_not_verified","status":422,"code":"domain_not_verified",
        "title":"The request cannot be accepted","field":"rewrite_from_address","value":"news@example.net",
        "accepted":"an address of a domain you verified: example.com"}
        """;

    public const string ReasonMissing = """
        A problem reads: {"type":"urn:email-gateway:problem:required","status":422,"code":"required",
        "title":"The request cannot be accepted","field":"reason","accepted":"why: 3 to 500 characters, in the body or in the header Operator-Reason"}
        """;
}
