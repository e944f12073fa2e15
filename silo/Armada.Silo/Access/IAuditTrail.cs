namespace Armada.Silo.Access;

/// <summary>Who did what, when and from where: every change of master, stop, reset, limit, slave or key.</summary>
internal interface IAuditTrail
{
    /// <summary>
    /// Records an event; returns at once, from any thread, and never throws. The record is durable after an orderly end; a crash loses at
    /// most what happened in the last moment before it.
    /// </summary>
    /// <param name="what">Such as master-bound.</param>
    /// <param name="subject">The robot, key or fleet it happened to.</param>
    /// <param name="detail">Further information; no secret.</param>
    void Record(Caller caller, string what, string subject, string? detail = null);

    /// <summary>Ends when everything recorded so far is durable or the store has refused it. Routes await it before they answer, except after a stop.</summary>
    Task FlushAsync(CancellationToken cancellation);
}
