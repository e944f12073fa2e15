namespace Armada.Silo.Rooms;

/// <summary>Bodies as bytes: what they hold is checked and worded as RobotHub's server does it.</summary>
internal static class RoomRequests
{
    /// <summary>The whole body; the host bounds its size.</summary>
    public static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(this HttpContext context, CancellationToken cancellation)
    {
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, cancellation);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
