using System.ComponentModel;
using System.Globalization;
using Armada.Silo.Access;
using Armada.Silo.Api;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Audit;

/// <summary>/audit: who did what, when and from where.</summary>
internal static class AuditRoutes
{
    /// <summary>Maps the routes.</summary>
    public static void MapAudit(this IEndpointRouteBuilder api) =>
        api.MapGet("/audit", List).WithTags("audit").Allow(Role.Admin)
            .WithSummary("Changes of masters, slaves, stops, limits and keys, the newest first")
            .Refuses(Problem.Invalid);

    private static Results<Ok<Page<AuditRecord>>, ProblemHttpResult> List(
        [AsParameters] PageQuery page,
        [Description("Only what happened to this robot, or key.")] string? robot,
        [Description("Only this, such as master-bound.")] string? what,
        AuditTrail audit)
    {
        if (page.Wrong is { } wrong)
            return wrong;
        var before = long.MaxValue;
        if (page.After is not null && !long.TryParse(page.After, NumberStyles.None, CultureInfo.InvariantCulture, out before))
            return Problem.WrongFields(new Dictionary<string, string> { ["after"] = "is no 'next' of an earlier answer" });
        var found = audit.ReadBackwards()
            .Where(record => record.Seq < before)
            .Where(record => (robot is null || record.Subject == robot) && (what is null || record.What == what));
        return TypedResults.Ok(page.Cut(found, record => record.Seq.ToString(CultureInfo.InvariantCulture), record => record));
    }
}
