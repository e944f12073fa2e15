namespace Armada.Silo.Ingress;

/// <summary>Which devices' state topics this silo hears.</summary>
internal interface IStateTopics : IAsyncDisposable
{
    /// <summary>Begins to hear them.</summary>
    Task StartAsync(CancellationToken cancellation);
}
