namespace Armada.Silo.Access;

/// <summary>Who did what, when and from where: every change of master, stop, reset, limit, slave or key.</summary>
internal interface IAuditTrail
{
    /// <summary>
    /// Records something that happened; returns at once, from any thread, and never throws. The record is durable when the silo has
    /// ended in order; a sudden end loses at most what happened in the last moment before it.
    /// </summary>
    /// <param name="caller">Who.</param>
    /// <param name="what">Such as master-attached.</param>
    /// <param name="subject">The robot, key or fleet it happened to.</param>
    /// <param name="detail">What else there is to say; no secret.</param>
    void Record(Caller caller, string what, string subject, string? detail = null);

    /// <summary>Ends when everything recorded so far is durable. Doors await it before they answer, except after a stop.</summary>
    Task FlushAsync(CancellationToken cancellation);
}
