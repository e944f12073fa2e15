namespace Armada.Silo.Audit;

/// <summary>A body that says more in the audit trail than the address does.</summary>
internal interface IAudited
{
    /// <summary>What it happens to, where the address does not say; otherwise null.</summary>
    string? Subject => null;

    /// <summary>What else there is to say; no secret.</summary>
    string? Detail { get; }
}

/// <summary>Writes down in the audit trail what a route did.</summary>
internal static class RouteAudit
{
    /// <summary>
    /// Records each success, durably before the answer goes out. The subject is the address's {id}, and the detail its {slave}, its {joint} or what
    /// the body says (<see cref="IAudited"/>).
    /// </summary>
    /// <param name="done">What happened, such as slave-unbound; null where only something new (201) is worth a record.</param>
    /// <param name="made">What happened where the answer is 201; null for the same.</param>
    public static RouteHandlerBuilder Audits(this RouteHandlerBuilder route, string? done, string? made = null) =>
        route.AddEndpointFilter(async (invocation, next) =>
        {
            var result = await next(invocation);
            var status = StatusOf(result);
            if (status < StatusCodes.Status400BadRequest && (status == StatusCodes.Status201Created ? made ?? done : done) is { } what)
                await Record(invocation, what).FlushAsync(invocation.HttpContext.RequestAborted);
            return result;
        });

    /// <summary>Records a stop or reset; the answer does not wait for the disk, and a stop that could not be stored is in force all the same.</summary>
    public static RouteHandlerBuilder AuditsStop(this RouteHandlerBuilder route, string done) =>
        route.AddEndpointFilter(async (invocation, next) =>
        {
            var result = await next(invocation);
            if (StatusOf(result) is < StatusCodes.Status400BadRequest or StatusCodes.Status503ServiceUnavailable)
                Record(invocation, done);
            return result;
        });

    private static IAuditTrail Record(EndpointFilterInvocationContext invocation, string what)
    {
        var http = invocation.HttpContext;
        var body = invocation.Arguments.OfType<IAudited>().FirstOrDefault();
        var audit = http.RequestServices.GetRequiredService<IAuditTrail>();
        audit.Record(
            http.Caller(),
            what,
            http.GetRouteValue("id") as string ?? body?.Subject ?? "fleet",
            (http.GetRouteValue("slave") ?? http.GetRouteValue("joint")) as string ?? body?.Detail);
        return audit;
    }

    private static int StatusOf(object? result) => result switch
    {
        INestedHttpResult nested => StatusOf(nested.Result),
        IStatusCodeHttpResult { StatusCode: { } status } => status,
        _ => StatusCodes.Status200OK,
    };
}
