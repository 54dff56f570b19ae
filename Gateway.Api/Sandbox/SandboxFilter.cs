using Gateway.Api.Problems;
using Gateway.Api.Reading;

namespace Gateway.Api.Sandbox;

/// <summary>Which mails of the sandbox: those of one message, or all.</summary>
internal sealed record SandboxFilter(Guid Below, int Limit, Guid? Message)
{
    public static SandboxFilter? Read(IQueryCollection given, out ApiProblem? problem)
    {
        var query = new QueryFields(given);
        var filter = new SandboxFilter(IdCursor.Read(query), query.Limit(), query.Id("message_id"));
        problem = query.Problem();
        return problem is null ? filter : null;
    }
}
