using Armada.Core.Devices;
using Armada.Silo.AwsIot;
using Armada.Testing.Logging;
using Armada.Tests.AwsIot.Moto;

namespace Armada.Tests.AwsIot.Data;

[Collection(MotoTests.Name)]
public sealed class ShadowTests(MotoServer moto)
{
    [SkippableFact]
    public async Task Settings_are_kept_for_a_device_and_a_change_of_somebody_else_is_not_lost()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        using var data = Plane(rig);
        var shadow = new AwsDeviceShadow(data);
        await rig.Registry.CreateAsync(new NewDevice("arm-1", DeviceKind.Agent), default);

        Assert.Null(await shadow.FindAsync("arm-1", default));
        Assert.Equal(ShadowAnswer.Done, await shadow.DesireAsync("arm-1", """{"limits":{"gripper":[0,80]}}""", null, default));
        var first = (await shadow.FindAsync("arm-1", default))!;
        Assert.Equal("""{"limits":{"gripper":[0,80]}}""", first.Desired);
        Assert.Equal(ShadowAnswer.Done, await shadow.DesireAsync("arm-1", """{"configuration":{"rate":50}}""", first.Version, default));
        Assert.Equal(ShadowAnswer.Changed, await shadow.DesireAsync("arm-1", """{"configuration":{"rate":99}}""", first.Version, default));
        var second = (await shadow.FindAsync("arm-1", default))!;
        Assert.True(second.Version > first.Version);
        Assert.Equal("""{"limits":{"gripper":[0,80]},"configuration":{"rate":50}}""", second.Desired);
    }

    [SkippableTheory]
    [InlineData("""{"position":{"gripper":5}}""", ShadowAnswer.NoSettings)]
    [InlineData("[]", ShadowAnswer.NoSettings)]
    [InlineData("{", ShadowAnswer.NoSettings)]
    [InlineData("""{"limits":1,"limits":2}""", ShadowAnswer.NoSettings)]
    [InlineData("""{"limits":{}}""", ShadowAnswer.Unknown)]
    public async Task What_is_no_settings_of_a_device_is_refused(string desired, ShadowAnswer expected)
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        using var data = Plane(rig);
        var shadow = new AwsDeviceShadow(data);
        Assert.Equal(expected, await shadow.DesireAsync("nobody", desired, null, default));
        Assert.Equal(ShadowAnswer.TooLarge, await shadow.DesireAsync("nobody", $$"""{"limits":"{{new string('x', 9000)}}"}""", null, default));
        Assert.Equal(ShadowAnswer.Unknown, await shadow.DesireAsync("../x", """{"limits":{}}""", null, default));
        Assert.Null(await shadow.FindAsync("nobody", default));
    }

    [SkippableFact]
    public async Task A_control_message_is_published_around_MQTT()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        using var data = Plane(rig);
        var fallback = new AwsControlFallback(data);
        await fallback.PublishAsync("armada/v1/arm-1/ctl", """{"id":"1","op":"stop"}"""u8.ToArray(), default);
        Assert.Contains(rig.Way.Seen, call => call.StartsWith("POST /topics/armada", StringComparison.Ordinal) && call.EndsWith("?qos=1", StringComparison.Ordinal));

        rig.Way.Set(_ => Fate.Refused);
        await Assert.ThrowsAsync<RegistryFailedException>(async () => await fallback.PublishAsync("armada/v1/arm-1/ctl", "x"u8.ToArray(), default));
    }

    [SkippableFact]
    public async Task Stops_of_a_whole_fleet_wait_for_no_rate()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        using var data = Plane(rig, settings => settings with { CallsPerSecond = 0.01 });
        var fallback = new AwsControlFallback(data);
        for (var device = 0; device < 20; device++)
            await fallback.PublishAsync($"armada/v1/arm-{device}/ctl", "{}"u8.ToArray(), default);
        Assert.Equal(20, rig.Way.Seen.Count(call => call.StartsWith("POST /topics/", StringComparison.Ordinal)));
    }

    private static DataPlane Plane(AwsRig rig, Func<AwsIotSettings, AwsIotSettings>? change = null)
    {
        var account = rig.Account(change);
        return new DataPlane(account, new BrokerEndpoint(account));
    }
}
