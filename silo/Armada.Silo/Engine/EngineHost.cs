namespace Armada.Silo.Engine;

/// <summary>Loads the robots before anything else starts; they are closed before the link is, and here where there is none.</summary>
internal sealed class EngineHost(InProcessEngine engine, HostedRobots robots) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => engine.LoadAsync(cancellationToken);

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => robots.CloseAsync();
}
