using Armada.Domain.Robots;
using Armada.Grains.Contracts.State;

namespace Armada.Tests.Cluster.Wire;

/// <summary>
/// What is stored and sent, byte for byte. Other builds read these bytes and other builds wrote them: a difference here breaks them,
/// unless it only adds members.
/// </summary>
public sealed class GoldenBytesTests
{
    private const string OlderRobotBytes =
        "2020400f726f626f742d3121400774776f2120000521401973686f756c6465725f70616e090301810000000000805bc0810000000000805b" +
        "408100000000008076408100000000000000000903050105e020400f67726970706572090305810000000000000000810000000000005940" +
        "810000000000006940810000000000002940090301c101e0e0e0e02140116c65616465722d31091501e021200005214015666f6c6c6f7765" +
        "722d31091501c1012120000321c0278100000000000004c041076a6177e0e0e0e020400766617209150741397773733a2f2f6661722e6578" +
        "616d706c652f77732f736c6176652f722120e0e0e0e0e061008793030103011d2140076c6162410b62656e6368e0e0e0";

    private const string RobotBytes =
        "TODO1";

    private const string KeyRingBytes =
        "TODO3";

    private const string DeviceBytes =
        "2020400f726f626f742d31091503e0e0";

    private const string FleetBytes =
        "2020200005410f726f626f742d31400f726f626f742d32e03101312cd42e1d537472696e67436f6d706172657200030101e0e00103010de0";

    private const string SequenceBytes =
        "202040097761766541095761766521200003218080969800000000002120000321400f67726970706572810000000000004940c101e0e0e0" +
        "c10141057b7de0e0e0010381002d310100000000e00115e0";

    private const string SequenceIndexBytes =
        "202020000541076e6f64400977617665e0e0e0";

    private const string StopBytes =
        "3001c089dca32761726d6164612e726571756573742e73746f70e0";

    private const string OlderCommandBytes =
        "30010e08e5573b61726d6164612e726571756573742e72656d6f74652d636f6d6d616e64400f70726f6772616d6101879303212020000521" +
        "400f67726970706572810000000000004940810000000000003440e020401973686f756c6465725f70616e81000000000000f8bfc101e0e0" +
        "e081801a060000000000e0e0";

    private const string CommandBytes =
        "30010e08e5573b61726d6164612e726571756573742e72656d6f74652d636f6d6d616e64400f70726f6772616d6101879303212020000521" +
        "400f67726970706572810000000000004940810000000000003440e020401973686f756c6465725f70616e81000000000000f8bfc101e0e0" +
        "e081801a060000000000e041076b6579e0";

    private const string MotionBytes =
        "300112257c782761726d6164612e726571756573742e706c61793001aec2975a2d61726d6164612e73657175656e63652e6d6f74696f6e20" +
        "40097761766541095761766521200003218080969800000000002120000321400f67726970706572810000000000004940c101e0e0e0c101" +
        "41057b7de0e0e0010381002d310100000000e0e001030101e0";

    private const string ReplyBytes =
        "202008031541256c65616465722d31206973206d6173746572e02180008098281765060021400f726f626f742d3121400774776f21200005" +
        "21401973686f756c6465725f70616e090301810000000000805bc0810000000000805b408100000000008076408100000000000000000903" +
        "050105e020400f67726970706572090305810000000000000000810000000000005940810000000000006940810000000000002940090301" +
        "c101e0e0e0e02140116c65616465722d31091501e021200005214015666f6c6c6f7765722d31091501c1012120000321c031810000000000" +
        "0004c041076a6177e0e0e0e020400766617209150741397773733a2f2f6661722e6578616d706c652f77732f736c6176652f722120e0e0e0" +
        "e0e061008793030103011d2140076c6162410b62656e6368e0e0010121c043091501091503610087930381a0860100000000008100000000" +
        "000059400101212020000701050009000de0e00111e0c101e02120000321c04d09150541096c6174650103c1018100000000000000000103" +
        "0125810080982817650600c101212000052180000000000000f03fc101e020c001c101e0e0e0212020e0e00101e0e0e0e021200003212040" +
        "0b6775657374091505c10121c06de0e0091505c1ab0103c10181000000000000000001030125810080982817650600c10121200005218000" +
        "0000000000f03fc101e020c001c101e0e0e02120c0d1e00101e0e0e0e0212000052180000000000000f83f010981000000000000f43f010d" +
        "c101c101810000000000000000e020c001c101c101c101c101c101810000000000000000e0e0e00103e0e0";

    [Fact]
    public void A_stored_robot() => Check(RobotBytes, Samples.State);

    [Fact]
    public void A_stored_robot_of_a_build_whose_rooms_were_as_large_as_any()
    {
        var unlimited = Samples.Document with { Room = Samples.Document.Room! with { MaxConsumers = null } };

        Assert.Equal(Described.Of(unlimited), Described.Of(Read<RobotState>(OlderRobotBytes).Document));
    }

    [Fact]
    public void The_stored_keys() => Check(KeyRingBytes, Samples.Keys);

    [Fact]
    public void A_stored_device() => Check(DeviceBytes, Samples.Device);

    [Fact]
    public void A_stored_fleet() => Check(FleetBytes, Samples.Fleet);

    [Fact]
    public void A_stored_sequence() => Check(SequenceBytes, Samples.Sequence);

    [Fact]
    public void The_stored_directory_of_sequences() => Check(SequenceIndexBytes, Samples.SequenceIndex);

    [Fact]
    public void A_stop() => Check(StopBytes, Samples.Stop);

    [Fact]
    public void A_command() => Check<RobotRequest>(CommandBytes, Samples.RemoteCommand);

    [Fact]
    public void A_command_of_a_build_that_knew_no_holders() =>
        Assert.Equal(Described.Of(Samples.RemoteCommand with { Holder = null }), Described.Of(Read<RobotRequest>(OlderCommandBytes)));

    [Fact]
    public void A_motion() => Check(MotionBytes, Samples.Play);

    [Fact]
    public void A_reply() => Check(ReplyBytes, Samples.Reply);

    private static void Check<T>(string bytes, T value)
    {
        File.AppendAllText("/tmp/cd_golden3.txt", typeof(T).Name + " " + Convert.ToHexStringLower(Crossing.Serializer.SerializeToArray(value)) + "\n");
        Assert.Equal(bytes, Convert.ToHexStringLower(Crossing.Serializer.SerializeToArray(value)));
        Assert.Equal(Described.Of(value), Described.Of(Read<T>(bytes)));
    }

    private static T Read<T>(string bytes) => Crossing.Serializer.Deserialize<T>(Convert.FromHexString(bytes))!;
}
