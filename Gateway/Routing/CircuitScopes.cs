using Gateway.Mail;

namespace Gateway.Routing;

/// <summary>Which circuit an outcome speaks of: no wider than its scope (a refused sender must not stop the others).</summary>
public static class CircuitScopes
{
    /// <summary>Null where the outcome concerns one message or recipient and says nothing of the path.</summary>
    public static CircuitKey? Of(string path, OutcomeScope scope, RouteQuery query) =>
        scope switch
        {
            OutcomeScope.Message or OutcomeScope.Recipient => null,
            OutcomeScope.Identity => new(path, CircuitScope.Identity, query.FromDomain),
            OutcomeScope.Stream => new(path, CircuitScope.Stream, query.Stream),
            OutcomeScope.RemoteDomain => new(path, CircuitScope.RemoteDomain, query.RecipientDomain),
            // An address block reaches as far as the path does: we cannot choose another of its addresses.
            _ => new(path, CircuitScope.Path, ""),
        };
}
