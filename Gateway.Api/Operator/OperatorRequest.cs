using Gateway.Api.Manage;
using Gateway.Api.Problems;

namespace Gateway.Api.Operator;

/// <summary>What every action of the operator brings: why, whether it is only tried, and its fields.</summary>
/// <param name="DryRun">Answers what would change, and changes nothing.</param>
internal sealed record OperatorRequest(BodyFields Fields, string Reason, bool DryRun)
{
    public const string ReasonHeader = "Operator-Reason";
    private const int LeastReason = 3;
    private const int MostReason = 500;

    private const string ReasonAccepted = "why: 3 to 500 characters, in the body or in the header Operator-Reason";

    /// <summary>Read the action's own fields from the result, then ask <see cref="Problem"/>.</summary>
    public static async Task<(OperatorRequest? Request, ApiProblem? Problem)> ReadAsync(HttpContext http)
    {
        var (fields, problem) = await ManageBody.ReadAsync(http, optional: true);
        if (fields is null)
        {
            return (null, problem);
        }

        var header = http.Request.Headers[ReasonHeader].ToString();
        var reason = fields.Text("reason", MostReason) ?? (header.Any(char.IsControl) ? "" : header.Trim());
        if (reason.Length is < LeastReason or > MostReason)
        {
            fields.Refuse(
                "reason",
                reason.Length == 0 ? null : reason,
                ReasonAccepted,
                reason.Length == 0 ? "required" : null
            );
        }

        return (new OperatorRequest(fields, reason, ReadDryRun(http, fields)), null);
    }

    public ApiProblem? Problem() => Fields.Problem();

    private static bool ReadDryRun(HttpContext http, BodyFields fields)
    {
        foreach (var name in http.Request.Query.Keys.Where(k => k != "dry_run"))
        {
            fields.Refuse("?" + name, http.Request.Query[name], "only dry_run", "unknown_parameter");
        }

        var text = http.Request.Query["dry_run"].ToString();
        if (text is not ("" or "true" or "false"))
        {
            // Whoever mistypes it wanted to change nothing.
            fields.Refuse("?dry_run", text, "true or false");
        }

        return text == "true";
    }
}
