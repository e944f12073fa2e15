using System.Runtime.InteropServices;
using Amazon.IotData.Model;
using Armada.Core.Devices;

namespace Armada.Silo.AwsIot.Data;

/// <summary>Publishes over HTTPS.</summary>
/// <param name="data">The account's topics.</param>
internal sealed class AwsControlFallback(DataPlane data) : IControlFallback
{
    private const int AtLeastOnce = 1;

    /// <inheritdoc/>
    public async ValueTask PublishAsync(string topic, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        var bytes = MemoryMarshal.TryGetArray(payload, out var array) ? array : payload.ToArray();
        await data.AskUrgentlyAsync(
            $"a message on {topic}",
            (run, its) => run.AskAsync(its, (client, token) => client.PublishAsync(
                new PublishRequest { Topic = topic, Qos = AtLeastOnce, Payload = new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false) }, token)),
            cancellation);
    }
}
