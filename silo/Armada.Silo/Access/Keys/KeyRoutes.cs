using Armada.Silo.Audit;
using Armada.Silo.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Access.Keys;

/// <summary>/keys: who may do what.</summary>
internal static class KeyRoutes
{
    public static void MapKeys(this IEndpointRouteBuilder api)
    {
        var keys = api.MapGroup("/keys").WithTags("keys").Allow(Role.Admin);
        keys.MapGet("", List).WithSummary("Every key by name, also those that are no longer good").Refuses(Problem.Invalid);
        keys.MapPost("", PostAsync).WithSummary("Make a key; the answer is the only place that ever shows it")
            .Refuses(Problem.Invalid, Problem.KeyExists, Problem.LastAdminKey, Problem.TooManyKeys, Problem.NotStored)
            .Audits("key-made");
        keys.MapGet("/{id}", Get).WithSummary("One key").Refuses(Problem.KeyUnknown);
        keys.MapDelete("/{id}", DeleteAsync).WithSummary("Revoke a key at once and close the WebSockets opened with it; asked again it is the same")
            .Refuses(Problem.KeyUnknown, Problem.LastAdminKey, Problem.NotStored)
            .Audits("key-revoked");
    }

    private static Results<Ok<Page<KeyView>>, ProblemHttpResult> List([AsParameters] PageQuery page, KeyRing keys, TimeProvider time)
    {
        if (page.Wrong is { } wrong)
            return wrong;
        var now = time.GetUtcNow();
        var all = keys.All.OrderBy(SortKey, StringComparer.Ordinal);
        return TypedResults.Ok(page.Of(all, SortKey, key => KeyView.Of(key, now)));
    }

    private static Results<Ok<KeyView>, ProblemHttpResult> Get(string id, KeyRing keys, TimeProvider time) =>
        keys.Find(id) is { } key ? TypedResults.Ok(KeyView.Of(key, time.GetUtcNow())) : NoKey(id);

    private static async Task<Results<Created<MadeKeyView>, ProblemHttpResult>> PostAsync(
        NewKey body, KeyRing keys, AnonymousAccess anonymous, OpenSockets sockets, TimeProvider time, HttpContext context, CancellationToken cancellation)
    {
        var wrong = new Dictionary<string, string>(StringComparer.Ordinal);
        if (KeyRules.FindNameProblem(body.Name) is { } name)
            wrong["name"] = name;
        if (KeyRules.FindExpiryProblem(body.ExpiresAt, time.GetUtcNow()) is { } expiry)
            wrong["expires_at"] = expiry;
        if (wrong.Count > 0)
            return Problem.WrongFields(wrong);
        try
        {
            var answer = await keys.MakeAsync(body.Name, body.Role, body.ExpiresAt, anonymous.NeedsAdminKey, cancellation);
            if (answer.Refused is { } refused)
                return Refuse(refused, body.Name);
            sockets.CloseUnauthorized(); // The first key ends the time in which nobody needs one.
            context.Response.Headers.CacheControl = "no-store";
            return TypedResults.Created(
                $"/api/v1/keys/{answer.Key!.Id}", new MadeKeyView(answer.Text!, KeyView.Of(answer.Key, time.GetUtcNow())));
        }
        catch (NotStoredException failed)
        {
            return Problem.NotStored.Answer($"no key was given out: {failed.Message}");
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, KeyRing keys, AnonymousAccess anonymous, OpenSockets sockets, CancellationToken cancellation)
    {
        try
        {
            if ((await keys.RevokeAsync(id, anonymous.NeedsAdminKey, cancellation)).Refused is { } refused)
                return Refuse(refused, id);
            return TypedResults.NoContent();
        }
        catch (NotStoredException failed)
        {
            return Problem.NotStored.Answer($"the key is no longer good at this silo, but that is not stored: {failed.Message}");
        }
        finally
        {
            sockets.CloseUnauthorized();
        }
    }

    private static string SortKey(ApiKey key) => $"{key.Name}.{key.Id}";

    private static ProblemHttpResult NoKey(string id) => Problem.KeyUnknown.Answer($"there is no key {id}; GET /api/v1/keys lists all");

    private static ProblemHttpResult Refuse(KeyRefusal refused, string about) => refused switch
    {
        KeyRefusal.Exists => Problem.KeyExists.Answer($"{about} is the name of a good key; revoke it first or choose another"),
        KeyRefusal.TooMany => Problem.TooManyKeys.Answer($"there are {KeyRing.MaxKeys} good keys; revoke some"),
        KeyRefusal.NoAdminLeft => Problem.LastAdminKey.Answer("no admin key would be good; make another admin key first"),
        KeyRefusal.Unknown => NoKey(about),
        _ => throw new ArgumentOutOfRangeException(nameof(refused), refused, "no problem for it"),
    };
}
