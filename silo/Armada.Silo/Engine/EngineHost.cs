namespace Armada.Silo.Engine;

/// <summary>Loads the robots before anything else starts and closes them after everything else has ended.</summary>
internal sealed class EngineHost(InProcessEngine engine) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => engine.LoadAsync(cancellationToken);

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => engine.CloseAsync();
}
