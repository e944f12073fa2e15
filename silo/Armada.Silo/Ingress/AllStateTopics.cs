using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Silo.MicroPython;

namespace Armada.Silo.Ingress;

/// <summary>One silo that hosts every robot hears every device, on the link that it has.</summary>
internal sealed class AllStateTopics(IMqttLink link, TopicMap topics, FrameIngress frames, MicroPythonIngress microPython) : IStateTopics
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellation)
    {
        link.Subscribe(topics.Every(Channel.State), Delivery.Sample, frames.OnState);
        link.Subscribe(microPython.Filter, Delivery.Sample, microPython.OnState);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
