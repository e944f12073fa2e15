using Armada.Core.Control;
using Armada.Mqtt;

namespace Armada.Silo.Ingress;

/// <summary>Questions to devices whose answers somebody waits for.</summary>
internal sealed partial class ControlChannel
{
    /// <summary>Sends a message and waits for its answer.</summary>
    /// <param name="device">The device.</param>
    /// <param name="message">The message; its id is given here.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The answer, or null where none came in time or the broker is not reached.</returns>
    public async Task<ControlReply?> AskAsync(string device, ControlMessage message, CancellationToken cancellation)
    {
        var answer = new TaskCompletionSource<ControlReply?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (sync)
        {
            if (link.State != LinkState.Up)
                return null;
            var sent = new Sent(device, message with { Id = NextId() }) { Answer = answer };
            unanswered[sent.Message.Id] = sent;
            Publish(sent, clock.Now());
        }

        return await answer.Task.WaitAsync(cancellation);
    }
}
